import type { StreamerState } from '@crashcart/api';
import type { CaptureProgram, CaptureReport } from './capture.ts';
import type { SoundSource } from './sound-source.ts';
import type { ReadonlyCell } from './state.ts';

/** A rectangle in px. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * A picture. `data` belongs to the source: it is valid only until the source writes its next frame,
 * so a consumer copies what it needs before it returns to the event loop.
 */
export interface Frame {
  /** Grows by at least one per frame of a source. */
  readonly seq: number;
  /** px. */
  readonly width: number;
  /** px. */
  readonly height: number;
  /** `bgrx`: 4 bytes a pixel, rows without padding; `jpeg`: a complete file. */
  readonly format: 'bgrx' | 'jpeg';
  readonly data: Uint8Array;
  /** What changed since the frame before; null when all may have. */
  readonly dirty: readonly Rect[] | null;
  /** When grabbing began and ended, ms on the monotonic clock. */
  readonly grabBeginMs: number;
  readonly grabEndMs: number;
}

/** Whether there is a picture, and if not, why not, as a sentence for a person. */
export type VideoSignal =
  | { readonly online: true; readonly width: number; readonly height: number }
  | { readonly online: false; readonly reason: string };

/** A running capture; closing it releases the device or connection. */
export interface VideoFeed extends AsyncDisposable {
  readonly signal: ReadonlyCell<VideoSignal>;
  /** Called for every frame, in order. One listener: the hub. */
  onFrame: ((frame: Frame) => void) | undefined;
  /** Someone watches: keep the picture as fresh as the source can (costs CPU). */
  setWatched(watched: boolean): void;
  /** Changes the rate of a running capture; where it is missing, the capture is opened anew. */
  setDesiredFps?(desiredFps: number): void;
  /** What a capture program tells of itself; undefined while it does not answer. */
  readonly report?: ReadonlyCell<CaptureReport | undefined>;
}

/** What a source can be told; a key that it lacks the feature for is undefined. */
export interface VideoParams {
  /** Frames per second, 0 = as many as there are. */
  readonly desiredFps: number;
  readonly resolution: string | undefined;
  /** JPEG quality, 1..100, for a source that encodes itself. */
  readonly quality?: number | undefined;
}

/** What the streamer of somebody else can do, and how it is set. */
export type VideoControlState = Pick<StreamerState, 'features' | 'limits' | 'params' | 'applied'>;

/** The streamer behind a source that encodes by itself: parameters are its business. */
export interface VideoControl {
  /** Undefined as long as it has said nothing. */
  readonly state: ReadonlyCell<VideoControlState | undefined>;
  /** Resolves when it has taken them; rejects with what it says. */
  setParams(change: StreamerParamsChange): Promise<void>;
  /** Starts it anew. */
  reset(): Promise<void>;
}

/** New parameters; an absent one stays as it is. */
export interface StreamerParamsChange {
  readonly quality?: number | undefined;
  readonly desired_fps?: number | undefined;
  readonly resolution?: string | undefined;
  readonly h264_bitrate?: number | undefined;
  readonly h264_gop?: number | undefined;
}

/** Where pictures come from. Opened on demand, closed when nobody wants it. */
export interface VideoSource extends AsyncDisposable {
  /** What it is called in µStreamer's `encoder.type`-like places and in the log. */
  readonly name: string;
  readonly resolutions: readonly string[] | undefined;
  /** Of a source that encodes by itself. */
  readonly control?: VideoControl;
  /** It gives complete JPEG files, which nobody encodes again. */
  readonly givesFiles?: boolean;
  /** It gives JPEG of the quality that was asked for: for another one it is opened anew. */
  readonly encodesJpeg?: boolean;
  /** The sound that belongs to the picture, where it comes the same way. */
  readonly sound?: SoundSource;
  /** Which program captures, where one does. */
  readonly program?: ReadonlyCell<CaptureProgram>;
  /** Starts capturing; never rejects for a missing device: the feed's signal says why. */
  open(params: VideoParams): VideoFeed;
}
