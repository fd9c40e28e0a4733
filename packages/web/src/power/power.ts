import { effect, signal } from '@preact/signals';
import { post, RefusedError, UnreachableError } from '../api.ts';
import { atx } from '../state/machine.ts';

/** How long the machine may take to react to a short press, in ms. */
export const IGNORED_AFTER_MS = 10_000;

/** The machine stayed on for 10 s after a short press. */
export const powerIgnored = signal(false);
/** Why the last act failed, in words. */
export const powerFailure = signal<string | undefined>(undefined);

let watch: ReturnType<typeof setTimeout> | undefined;

/** What the power panel can do. */
export type PowerAct = 'press' | 'hard off' | 'reset';

/** Does it; a failure is put into words in `powerFailure`. */
export async function doPower(act: PowerAct): Promise<void> {
  powerFailure.value = undefined;
  forgetPress();
  const wasOn = atx.peek()?.leds.power === true;
  try {
    if (act === 'press') await post('api/atx/click', { button: 'power' });
    else {
      await post('api/atx/power', { action: act === 'reset' ? 'reset_hard' : 'off_hard' });
    }
  } catch (error) {
    powerFailure.value = powerFailureText(error);
    return;
  }
  if (act === 'press' && wasOn) watchPress();
}

/** Why a power act failed, as a sentence with the next step. */
export function powerFailureText(error: unknown): string {
  if (error instanceof UnreachableError) return 'The server was not reached. Try again.';
  if (error instanceof RefusedError) {
    if (error.status === 409) return 'A button is still being pressed. Try again in a moment.';
    if (error.status === 403) return 'You may not switch this machine.';
    return `The server refused: ${error.message}`;
  }
  return 'Something unexpected happened. Try again.';
}

function watchPress(): void {
  watch = setTimeout(() => {
    powerIgnored.value = atx.peek()?.leds.power === true;
  }, IGNORED_AFTER_MS);
}

function forgetPress(): void {
  clearTimeout(watch);
  powerIgnored.value = false;
}

effect(() => {
  if (atx.value?.leds.power === false) forgetPress();
});
