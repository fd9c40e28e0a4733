import type { ReadonlyCell } from './state.ts';

/** Of samples: interleaved stereo, 16 bits signed, little-endian, 48 kHz. */
export const SOUND = { channels: 2, rateHz: 48_000, sampleBytes: 4 } as const;

/** Who hears a source of samples. */
export interface SoundListener {
  /** Samples as in SOUND, valid during the call; they may be cut anywhere. */
  onSamples(samples: Uint8Array): void;
  /** The machine has stopped playing: nothing comes until it plays again. */
  onSilence(): void;
}

/** A machine that gives the samples that it plays. */
export interface SampleSource {
  readonly kind: 'samples';
  /** Why there is no sound, as a sentence; undefined where there is. */
  readonly trouble: ReadonlyCell<string | undefined>;
  /** Begins to listen, again by itself after losses; the function that it returns ends that. */
  listen(listener: SoundListener): () => void;
}

/** A sound card of this host, which whoever encodes captures from. */
export interface CaptureSource {
  readonly kind: 'alsa';
  /** As ALSA names it, such as `hw:CARD=MS2109`. */
  readonly device: string;
}

/** Where the sound of a machine comes from. */
export type SoundSource = SampleSource | CaptureSource;
