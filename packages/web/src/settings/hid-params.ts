import { signal } from '@preact/signals';
import { post, RefusedError, UnreachableError } from '../api.ts';

/** Why the last change of keyboard or mouse was not made, in words. */
export const hidFailure = signal<string | undefined>(undefined);

/** What may be changed of the machine's keyboard and mouse, for everybody who uses it. */
export type HidChange =
  | { readonly keyboard_output: string }
  | { readonly mouse_output: string }
  | { readonly jiggler: '0' | '1' };

/** Changes it; the state comes back as an event, a failure goes to `hidFailure`. */
export async function changeHid(change: HidChange): Promise<void> {
  await attempt(() => post('api/hid/set_params', { ...change }));
}

/** Plugs keyboard and mouse in or out. */
export async function plugHid(connected: boolean): Promise<void> {
  await attempt(() => post('api/hid/set_connected', { connected: connected ? '1' : '0' }));
}

/** Releases everything and starts keyboard and mouse anew. */
export async function resetHid(): Promise<void> {
  await attempt(() => post('api/hid/reset'));
}

async function attempt(act: () => Promise<void>): Promise<void> {
  hidFailure.value = undefined;
  try {
    await act();
  } catch (error) {
    hidFailure.value = failureText(error);
  }
}

function failureText(error: unknown): string {
  if (error instanceof UnreachableError) return 'The server was not reached. Try again.';
  if (!(error instanceof RefusedError)) return 'Something unexpected happened. Try again.';
  if (error.name === 'HidDisabledError') return 'This machine has no keyboard and mouse.';
  if (error.status === 403) return 'You may not change the keyboard and mouse of this machine.';
  return `The server refused: ${error.message}`;
}
