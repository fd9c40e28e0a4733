import type { KeyName } from '@crashcart/api';
import { signal } from '@preact/signals';
import { keyboardDocked } from '../keys/dock.ts';
import { keyWord } from '../keys/key-words.ts';
import { latched, latchesUsed, pressLatch } from '../keys/latched-keys.ts';
import { link } from '../state/connection.ts';
import { absoluteMouse } from '../state/machine.ts';
import { Icon } from '../ui/icon.tsx';
import { heldKeys } from './capture.ts';
import { softKeyboardUp, strikeKey, toggleSoftKeyboard } from './soft-keyboard-state.ts';
import { keyRowShown, touchChoice, touchMode, touchSeen } from './touch.ts';

/** Short enough for a key of a phone's width. */
const SHORT: Partial<Record<KeyName, string>> = { PageUp: 'PgUp', PageDown: 'PgDn', Enter: '⏎' };
/** What is read aloud for a sign. */
const SPOKEN: Partial<Record<KeyName, string>> = {
  ...{ Enter: 'Enter', ArrowLeft: 'Left', ArrowRight: 'Right', ArrowUp: 'Up', ArrowDown: 'Down' },
};
const MODIFIERS: readonly KeyName[] = ['ControlLeft', 'AltLeft', 'MetaLeft'];
const NAVIGATION: readonly KeyName[] = [
  ...(['ArrowLeft', 'ArrowDown', 'ArrowUp', 'ArrowRight', 'Enter', 'Delete'] as const),
  ...(['Home', 'End', 'PageUp', 'PageDown'] as const),
];
const FUNCTIONS: readonly KeyName[] = [
  ...(['F1', 'F2', 'F3', 'F4', 'F5', 'F6'] as const),
  ...(['F7', 'F8', 'F9', 'F10', 'F11', 'F12'] as const),
];

const functionsShown = signal(false);

/** Keys that soft keyboards lack; modifiers stay for the next key, tapped twice for good. */
export function KeyRow() {
  // The whole keyboard has all of it.
  if (!keyRowShown.value || keyboardDocked.value) return null;
  const isUp = softKeyboardUp.value;
  return (
    // Pressing a key takes the focus from nothing, so the soft keyboard stays.
    <section
      class="key-row"
      aria-label="Keys for touch"
      onMouseDown={(event) => event.preventDefault()}
    >
      <fieldset class="row-keys" aria-label="Keys" data-open={isUp || functionsShown.value}>
        <Key name="Escape" />
        <Key name="Tab" />
        {MODIFIERS.map((key) => (
          <Modifier key={key} name={key} />
        ))}
        <button
          type="button"
          class="row-key"
          aria-label="Fn: F keys"
          aria-pressed={functionsShown.value}
          onClick={() => {
            functionsShown.value = !functionsShown.peek();
          }}
        >
          Fn
        </button>
        {touchSeen.value && absoluteMouse.value && <ModeButton />}
        {touchSeen.value && (
          <button
            type="button"
            class="row-key"
            aria-label={isUp ? 'Hide keyboard' : 'Show keyboard'}
            aria-pressed={isUp}
            onClick={toggleSoftKeyboard}
          >
            <Icon name="keyboard" />
          </button>
        )}
      </fieldset>
      <fieldset class="row-keys second" aria-label={functionsShown.value ? 'F keys' : 'Arrows'}>
        {(functionsShown.value ? FUNCTIONS : NAVIGATION).map((key) => (
          <Key key={key} name={key} />
        ))}
      </fieldset>
    </section>
  );
}

/** Down while it is touched: the machine repeats it by itself. */
function Key({ name }: { readonly name: KeyName }) {
  const release = () => {
    if (!heldKeys.keys.includes(name)) return;
    heldKeys.set('on screen', name, false);
    latchesUsed();
  };
  return (
    <button
      type="button"
      class="row-key"
      aria-label={SPOKEN[name]}
      aria-disabled={link.value.kind !== 'open' || undefined}
      onPointerDown={(event) => {
        if (event.button === 0) heldKeys.set('on screen', name, true);
      }}
      onPointerUp={release}
      onPointerLeave={release}
      onPointerCancel={release}
      onContextMenu={(event) => event.preventDefault()}
      onClick={(event) => {
        // By keyboard or by a reader, as no pointer was there.
        if (event.detail === 0) strikeKey({ key: name, shift: false });
      }}
    >
      {SHORT[name] ?? keyWord(name)}
    </button>
  );
}

function Modifier({ name }: { readonly name: KeyName }) {
  const latch = latched.value.get(name);
  const word = keyWord(name);
  return (
    <button
      type="button"
      class="row-key"
      aria-label={latch === 'locked' ? `${word}, stays down` : word}
      aria-pressed={latch !== undefined}
      data-latch={latch}
      aria-disabled={link.value.kind !== 'open' || undefined}
      onClick={() => {
        if (link.peek().kind === 'open') pressLatch(name);
      }}
      onContextMenu={(event) => event.preventDefault()}
    >
      {word}
    </button>
  );
}

function ModeButton() {
  const isTrackpad = touchMode.value === 'trackpad';
  return (
    <button
      type="button"
      class="row-key"
      aria-label={isTrackpad ? 'Trackpad: touch directly instead' : 'Touch: use a trackpad instead'}
      aria-pressed={isTrackpad}
      onClick={() => {
        touchChoice.value = isTrackpad ? 'direct' : 'trackpad';
      }}
    >
      <Icon name={isTrackpad ? 'trackpad' : 'touch'} />
    </button>
  );
}
