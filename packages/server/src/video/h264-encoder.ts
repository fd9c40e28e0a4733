import type { AccessUnit } from '../protocols/flv-avc.ts';

/** A picture to encode. */
export interface H264Picture {
  /** `bgrx`: 4 bytes a pixel, rows without padding; `jpeg`: a complete file. */
  readonly format: 'bgrx' | 'jpeg';
  readonly data: Buffer;
}

/** What a stream is made of and encoded to; another one needs another encoder. */
export interface H264Settings {
  readonly format: H264Picture['format'];
  /** px. */
  readonly width: number;
  readonly height: number;
  /** At most, kbit/s. */
  readonly bitrate: number;
  /** Frames between key frames; 0 = only those that are asked for. */
  readonly gop: number;
  /** What the bitrate is shared out by. */
  readonly fps: number;
}

/** Who uses an encoder. */
export interface H264Listener {
  onUnit(unit: AccessUnit): void;
  /** It has ended by itself; called once. */
  onEnd(reason: string): void;
}

/**
 * Pictures of one kind and size to H.264: constrained baseline, BT.709, no frame waits for the next
 * one. Odd sizes get a row or column of black.
 */
export interface H264Encoder {
  readonly settings: H264Settings;
  /**
   * Gives it a picture, which is copied at once; resolves when it can take the next one, never
   * rejects. One call at a time. The first picture is a key frame in any case; one that cannot be
   * read is left out.
   */
  encode(data: Buffer, key: boolean): Promise<void>;
  /** The listener hears no more. */
  close(): void;
}

/** Starts an encoder. */
export type OpenH264Encoder = (settings: H264Settings, listener: H264Listener) => H264Encoder;

/** Constant quality of x264, as long as the bitrate allows it. */
export const CRF = 23;
/** As good as never: at 60 frames a second in 200 days. */
export const NO_GOP = 1_000_000_000;

/** The buffer that the bitrate is kept by: half a second, kbit. */
export function bufferKbit({ bitrate }: H264Settings): number {
  return Math.ceil(bitrate / 2);
}
