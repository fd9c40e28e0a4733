import { link } from '../state/connection.ts';
import { hid } from '../state/machine.ts';
import { Button } from '../ui/button.tsx';
import { RadioGroup } from '../ui/radio-group.tsx';
import { Switch } from '../ui/switch.tsx';
import { changeHid, hidFailure, plugHid, resetHid } from './hid-params.ts';

const KEYBOARD_WORDS: Readonly<Record<string, string>> = {
  usb: 'USB',
  ps2: 'PS/2',
  disabled: 'None',
};
const MOUSE_WORDS: Readonly<Record<string, string>> = {
  usb: 'Follows your pointer',
  usb_win98: 'The same, for Windows 98',
  usb_rel: 'Moves by itself (relative)',
  ps2: 'PS/2',
  disabled: 'None',
};

/** How the machine's own keyboard and mouse are; kept by the server, the same for everybody. */
export function DeviceSettings() {
  const state = hid.value;
  if (state === undefined) return <p class="note">Waiting for the server.</p>;
  if (!state.enabled) {
    return <p class="note">This machine has no keyboard and mouse. Set up `hid` to use them.</p>;
  }
  const { keyboard, mouse, jiggler, connected } = state;
  const isAway = link.value.kind !== 'open' || state.busy;
  return (
    <>
      <p class="note">The same for everybody who uses the machine.</p>
      <Output
        name="keyboard-output"
        legend="Keyboard"
        outputs={keyboard.outputs}
        words={KEYBOARD_WORDS}
        disabled={isAway}
        onChoose={(output) => void changeHid({ keyboard_output: output })}
      />
      <Output
        name="mouse-output"
        legend="Mouse"
        outputs={mouse.outputs}
        words={MOUSE_WORDS}
        disabled={isAway}
        onChoose={(output) => void changeHid({ mouse_output: output })}
      />
      {jiggler.enabled && (
        <Switch
          label="Keep it awake"
          note={`Moves the mouse a little after ${jiggler.interval} s without input.`}
          on={jiggler.active}
          disabled={isAway}
          onChange={(on) => void changeHid({ jiggler: on ? '1' : '0' })}
        />
      )}
      {connected !== null && (
        <Switch
          label="Plugged in"
          note="Out, the machine sees no keyboard and no mouse."
          on={connected}
          disabled={isAway}
          onChange={(on) => void plugHid(on)}
        />
      )}
      <div class="act">
        <Button
          label="Reset keyboard and mouse"
          icon="reset"
          disabled={isAway}
          onPress={() => void resetHid()}
        />
        <p>Releases all keys and starts both anew.</p>
      </div>
      <p class="failure" role="alert">
        {hidFailure.value}
      </p>
    </>
  );
}

interface OutputProps {
  readonly name: string;
  readonly legend: string;
  readonly outputs: { readonly available: readonly string[]; readonly active: string };
  readonly words: Readonly<Record<string, string>>;
  readonly disabled: boolean;
  readonly onChoose: (output: string) => void;
}

/** A choice only where the device has one. */
function Output({ outputs, words, ...of }: OutputProps) {
  if (outputs.available.length < 2) return null;
  const choices = outputs.available.map((value) => ({ value, label: words[value] ?? value }));
  return <RadioGroup {...of} value={outputs.active} choices={choices} />;
}
