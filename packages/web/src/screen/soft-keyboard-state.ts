import type { KeyName } from '@crashcart/api';
import { signal } from '@preact/signals';
import { RefusedError, request } from '../api.ts';
import { latched, latchesUsed } from '../keys/latched-keys.ts';
import { hid } from '../state/machine.ts';
import { layout, layoutCharacters, layoutName, loadCharacters } from '../text/layouts.ts';
import { judgeText } from '../text/typable.ts';
import { heldKeys } from './capture.ts';
import { SoftTyping } from './soft-typing.ts';
import type { Strike } from './us-keys.ts';

/** Whether the soft keyboard is raised: what it writes goes to the machine. */
export const softKeyboardUp = signal(false);
/** Why the last text could not be typed, in words. */
export const softTypingFailure = signal<string | undefined>(undefined);

const US_LAYOUT = 'en-us';
const PRINT_TIMEOUT_MS = 120_000;
const FAILURE_TOLD_MS = 8_000;

/** What is typed waits for the text before it, so that nothing overtakes. */
let before: Promise<void> | undefined;

/** The keyboard that phones draw over the page. */
export const softTyping = new SoftTyping({
  strike: (strike) => inOrder(() => strikeKey(strike)),
  print: (text) => {
    const typed = (before ?? Promise.resolve()).then(() => print(text));
    const done = typed.finally(() => {
      if (before === done) before = undefined;
    });
    before = done;
  },
  hasUsLayout: () => keymap() === US_LAYOUT,
  hasLatch: () => latched.peek().size > 0,
  capsLock: () => hid.peek()?.keyboard.leds.caps === true,
});

/** Raises the soft keyboard, or hides it; a browser does so only within a click. */
export function toggleSoftKeyboard(): void {
  const field = document.getElementById('soft-keyboard');
  if (softKeyboardUp.peek()) field?.blur();
  else field?.focus({ preventScroll: true });
}

/** Presses and releases a key, and lets go of modifiers that waited for it. */
export function strikeKey({ key, shift }: Strike): void {
  const keys: readonly KeyName[] = shift ? ['ShiftLeft', key] : [key];
  for (const each of keys) heldKeys.set('on screen', each, true);
  for (const each of [...keys].reverse()) heldKeys.set('on screen', each, false);
  latchesUsed();
}

function inOrder(act: () => void): void {
  if (before === undefined) act();
  else before = before.then(act);
}

const keymap = () => layout.peek() ?? US_LAYOUT;

async function print(text: string): Promise<void> {
  const query = new URLSearchParams({ limit: '0', keymap: keymap() });
  try {
    const skipped = await untypable(text);
    if (skipped !== '') {
      tell(`“${skipped}” is not in the layout ${layoutName(keymap())}. Type text has others.`);
    }
    await request(`api/hid/print?${query}`, {
      ...{ method: 'POST', body: text, headers: { 'content-type': 'text/plain' } },
      signal: AbortSignal.timeout(PRINT_TIMEOUT_MS),
    });
  } catch (error) {
    const busy = error instanceof RefusedError && error.status === 409;
    tell(
      busy
        ? `“${shortened(text)}” was not typed: another text is being typed. Try again after it.`
        : `“${shortened(text)}” was not typed: the server was not reached or refused. Try again.`,
    );
  }
}

/** What of the text the layout leaves out; the server types the rest. */
async function untypable(text: string): Promise<string> {
  await loadCharacters(keymap());
  const characters = layoutCharacters.peek();
  return characters === undefined ? '' : judgeText(text, characters).skipped.join('');
}

let told: ReturnType<typeof setTimeout> | undefined;

function tell(text: string): void {
  softTypingFailure.value = text;
  clearTimeout(told);
  told = setTimeout(() => {
    softTypingFailure.value = undefined;
  }, FAILURE_TOLD_MS);
}

function shortened(text: string): string {
  const characters = [...text];
  return characters.length > 12 ? `${characters.slice(0, 12).join('')}…` : text;
}
