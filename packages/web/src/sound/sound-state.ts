import type { MediaState } from '@crashcart/api';
import { signal } from '@preact/signals';
import { request } from '../api.ts';
import { rememberedNumber } from '../state/remembered.ts';

/** Whether the machine is heard: never at first, as browsers want a click before a sound. */
export const soundOn = signal(false);
/** How loud it is, in percent. */
export const VOLUME = { first: 100, min: 0, max: 100 } as const;
export const soundVolume = rememberedNumber('soundVolume', VOLUME);
/** What the server says of the machine's sound; undefined where there is nothing to be said. */
export const soundOffer = signal<MediaState['audio']>(undefined);
/** Why the sound that is on does not come, as a sentence; undefined while it does. */
export const soundTrouble = signal<string | undefined>(undefined);

/** Asks the server whether the machine has sound; what was known stays when it is not reached. */
export async function askForSound(): Promise<void> {
  try {
    const answer = await request('api/media');
    const { result } = (await answer.json()) as { result: { media: MediaState } };
    soundOffer.value = result.media.audio;
  } catch {
    // The bar says so already.
  }
}

/** Turns the sound on or off. */
export function toggleSound(): void {
  soundOn.value = !soundOn.peek();
}
