import { StateCell } from '../../src/core/state.ts';
import type {
  Frame,
  Rect,
  VideoFeed,
  VideoParams,
  VideoSignal,
  VideoSource,
} from '../../src/core/video-source.ts';

/** A source whose pictures a test makes. */
export class FakeVideoSource implements VideoSource {
  readonly name = 'fake';
  readonly resolutions: readonly string[] | undefined = undefined;
  /** Whether it gives complete files of the quality that was asked for. */
  encodesJpeg = false;
  /** What each opening was given. */
  readonly opened: VideoParams[] = [];
  /** The feed that runs now. */
  feed: FakeVideoFeed | undefined;
  readonly #signal: VideoSignal;

  constructor(signal: VideoSignal = { online: false, reason: 'No signal' }) {
    this.#signal = signal;
  }

  open(params: VideoParams): FakeVideoFeed {
    this.opened.push(params);
    const feed = new FakeVideoFeed(this.#signal, () => {
      if (this.feed === feed) this.feed = undefined;
    });
    this.feed = feed;
    return feed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.feed?.[Symbol.asyncDispose]();
  }
}

/** A feed that a test pushes frames into. */
export class FakeVideoFeed implements VideoFeed {
  readonly signal: StateCell<VideoSignal>;
  onFrame: ((frame: Frame) => void) | undefined;
  watched = false;
  readonly #onClose: () => void;
  #seq = 0;

  constructor(signal: VideoSignal, onClose: () => void) {
    this.signal = new StateCell(signal);
    this.#onClose = onClose;
  }

  setWatched(watched: boolean): void {
    this.watched = watched;
  }

  /** Pushes a picture, BGRX; the signal gets its size. */
  push(picture: {
    readonly width: number;
    readonly height: number;
    readonly data: Uint8Array;
    readonly dirty?: readonly Rect[];
  }): void {
    const { width, height, data, dirty = null } = picture;
    if (data.length !== width * height * 4) throw new RangeError('Not a BGRX picture of this size');
    this.signal.set({ online: true, width, height });
    const nowMs = performance.now();
    this.#seq += 1;
    this.onFrame?.({
      seq: this.#seq,
      width,
      height,
      format: 'bgrx',
      data,
      dirty,
      grabBeginMs: nowMs,
      grabEndMs: nowMs,
    });
  }

  /** Pushes a complete file. */
  pushJpeg(width: number, height: number, data: Uint8Array): void {
    this.signal.set({ online: true, width, height });
    const nowMs = performance.now();
    this.#seq += 1;
    this.onFrame?.({
      ...{ seq: this.#seq, width, height, format: 'jpeg', data, dirty: null },
      ...{ grabBeginMs: nowMs, grabEndMs: nowMs },
    });
  }

  /** Pushes a picture of one colour, each part 0..255. */
  pushFilled(width: number, height: number, [red, green, blue]: [number, number, number]): void {
    const data = new Uint8Array(width * height * 4);
    for (let at = 0; at < data.length; at += 4) data.set([blue, green, red, 0xff], at);
    this.push({ width, height, data });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.onFrame = undefined;
    this.#onClose();
  }
}
