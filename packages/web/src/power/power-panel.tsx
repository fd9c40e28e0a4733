import { atx } from '../state/machine.ts';
import { Button } from '../ui/button.tsx';
import { HoldButton } from '../ui/hold-button.tsx';
import { doPower, powerFailure } from './power.ts';

/** Power and reset of the machine. */
export function PowerPanel() {
  const state = atx.value;
  const isOn = state?.leds.power === true;
  const absent = state === undefined || !state.enabled;
  const powerBusy = absent || state.acts.power;
  return (
    <>
      <p class="note" role="status">
        {stateText(state?.enabled, isOn, state?.busy === true)}
      </p>
      <div class="act">
        <Button
          label="Press power"
          icon="power"
          disabled={powerBusy}
          onPress={() => void doPower('press')}
        />
        <p>{isOn ? 'A short press: asks the machine to shut down.' : 'Starts the machine.'}</p>
      </div>
      <div class="act">
        <HoldButton
          label="Hard off"
          icon="powerOff"
          describedBy="hard-off-note"
          disabled={powerBusy || !isOn}
          onHeld={() => void doPower('hard off')}
        />
        <p id="hard-off-note">Hold for 1 s. Cuts the power; unsaved work is lost.</p>
      </div>
      <div class="act">
        <HoldButton
          label="Reset"
          icon="reset"
          describedBy="reset-note"
          disabled={absent || state.acts.reset || !isOn}
          onHeld={() => void doPower('reset')}
        />
        <p id="reset-note">Hold for 1 s. Restarts at once; unsaved work is lost.</p>
      </div>
      <p class="failure" role="alert">
        {powerFailure.value}
      </p>
    </>
  );
}

function stateText(enabled: boolean | undefined, isOn: boolean, busy: boolean): string {
  if (enabled === undefined) return 'Waiting for the server.';
  if (!enabled) return 'This machine has no power control. Set up `atx` to use it.';
  if (busy) return 'A button is being pressed. A hard off takes 6 s.';
  return isOn ? 'The machine is on.' : 'The machine is off.';
}
