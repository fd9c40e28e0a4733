import type { CaptureSource } from '../core/sound-source.ts';

/** Samples a channel in one packet, 20 ms. */
export const PACKET_SAMPLES = 960;

/** What is encoded: samples as in SOUND that are written to it, or a device that it captures from. */
export type OpusInput = { readonly kind: 'samples' } | CaptureSource;

/** Who gets the packets. */
export interface OpusListener {
  /** The next PACKET_SAMPLES samples, as a packet of Opus (RFC 6716). */
  onPacket(packet: Buffer): void;
  /** It has ended by itself; `reason` is a sentence. Called once. */
  onEnd(reason: string): void;
}

/** A running encoder. */
export interface OpusEncoder {
  /** Takes samples; false when it is behind so far that they were left out. */
  write(samples: Buffer): boolean;
  /** Ends it; the listener hears no more. */
  close(): void;
}

/** Starts an encoder. */
export type OpenOpusEncoder = (input: OpusInput, listener: OpusListener) => OpusEncoder;
