import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { KvmError } from '@crashcart/api';
import type { Log } from '../core/log.ts';
import type { Frame, Rect } from '../core/video-source.ts';
import { DirtyRegion } from './dirty-region.ts';
import { FpsMeter } from './fps-meter.ts';
import { JpegEncoder } from './jpeg-encoder.ts';
import { Pacer } from './pacer.ts';
import type { Picture } from './picture.ts';
import { Refinement } from './refinement.ts';
import type { Screen } from './screen.ts';

/** What the encoder is told by the parameters of the streamer. */
export interface PictureSettings {
  readonly quality: number;
  readonly desiredFps: number;
}

/**
 * The screen as JPEG files: encoded once for all who want them, only while somebody does, one at a
 * time, never the same twice; but one of low quality once more in a high one, when it stays.
 */
export class Pictures {
  readonly #screen: Screen;
  readonly #settings: () => PictureSettings;
  readonly #log: Log;
  readonly #encoder = new JpegEncoder();
  readonly #listeners = new Set<(picture: Picture) => void>();
  readonly #pacer: Pacer;
  readonly #meter = new FpsMeter();
  readonly #dirty = new DirtyRegion();
  readonly #refinement = new Refinement(() => {
    this.#encodedSeq = -1;
    this.#pacer.wake();
  });
  #encodedSeq = -1;
  #encoding: Promise<Picture> | undefined;
  #latest: Picture | undefined;
  #failed = false;

  constructor(screen: Screen, settings: () => PictureSettings, log: Log) {
    this.#screen = screen;
    this.#settings = settings;
    this.#log = log;
    this.#pacer = new Pacer(
      () => this.#turn(),
      () => this.#settings().desiredFps,
    );
  }

  /** The newest one, if it shows what is on the screen now. */
  get latest(): Picture | undefined {
    return this.#encodedSeq === this.#screen.seq ? this.#latest : undefined;
  }

  /** Encoded pictures per second. */
  get fps(): number {
    return this.#meter.fps;
  }

  /** Every new picture from now on, and the current one as soon as it is there. */
  subscribe(listener: (picture: Picture) => void): () => void {
    const own = (picture: Picture) => listener(picture);
    this.#listeners.add(own);
    this.#tellFirst(own);
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) this.#release();
    };
  }

  /** Apart from `subscribe`, so that what a listener keeps there does not keep this picture as well. */
  #tellFirst(listener: (picture: Picture) => void): void {
    const { latest } = this;
    if (latest) queueMicrotask(() => this.#listeners.has(listener) && listener(latest));
    else if (this.#screen.present) this.#pacer.wake();
  }

  /** The screen has changed; null = all of it. */
  changed(dirty: readonly Rect[] | null): void {
    if (dirty === null) this.#dirty.addAll();
    else for (const rect of dirty) this.#dirty.add(rect);
    this.#refinement.cancel();
    if (this.#listeners.size > 0) this.#pacer.wake();
  }

  /** A source that gives complete files: nothing is encoded. Answers the picture of it. */
  passThrough(frame: Frame): Picture {
    const nowMs = performance.now();
    // The same file again is nothing new to anybody.
    if (this.latest?.online && this.latest.jpeg.equals(frame.data)) return this.latest;
    this.#screen.clear();
    this.#refinement.cancel();
    this.#encodedSeq = this.#screen.seq;
    const picture: Picture = {
      seq: this.#screen.seq,
      jpeg: Buffer.from(frame.data),
      width: frame.width,
      height: frame.height,
      online: true,
      grabBeginMs: frame.grabBeginMs,
      grabEndMs: frame.grabEndMs,
      encodeBeginMs: nowMs,
      encodeEndMs: nowMs,
    };
    this.#publish(picture);
    return picture;
  }

  /** What is on the screen now; rejects with UnavailableError when it cannot be encoded. */
  async current(): Promise<Picture> {
    await this.#encoding?.catch(() => {});
    return this.latest ?? this.#encode();
  }

  close(): void {
    this.#pacer.close();
    this.#listeners.clear();
    this.#release();
  }

  async #turn(): Promise<void> {
    try {
      // Taking over a whole screen and copying it for the encoder are some ms each: keys go between.
      await setImmediate();
      if (this.#listeners.size > 0 && !this.latest) await this.current();
    } catch (error) {
      if (!this.#failed) this.#log.error({ err: error }, 'the picture could not be encoded');
      this.#failed = true;
    }
  }

  #encode(): Promise<Picture> {
    this.#encoding ??= this.#encodeNow().finally(() => {
      this.#encoding = undefined;
      if (this.#listeners.size === 0) this.#release();
    });
    return this.#encoding;
  }

  async #encodeNow(): Promise<Picture> {
    if (!this.#screen.present) throw new KvmError('UnavailableError');
    const { seq, width, height, online, grabBeginMs, grabEndMs } = this.#screen;
    const encodeBeginMs = performance.now();
    const { all, rects } = this.#dirty.take(width, height);
    const { quality, isCoarse } = this.#refinement.take(this.#settings().quality);
    const jpeg = await this.#encoder.encode(this.#screen, all ? null : rects, quality);
    const picture: Picture = {
      ...{ seq, jpeg, width, height, online, grabBeginMs, grabEndMs, encodeBeginMs },
      encodeEndMs: performance.now(),
    };
    // A complete file may have come meanwhile.
    if (this.#latest && this.#encodedSeq > seq) return this.#latest;
    this.#encodedSeq = seq;
    this.#publish(picture);
    if (isCoarse && this.#listeners.size > 0 && seq === this.#screen.seq) this.#refinement.wait();
    return picture;
  }

  #publish(picture: Picture): void {
    this.#failed = false;
    this.#latest = picture;
    this.#meter.count();
    for (const listener of [...this.#listeners]) listener(picture);
  }

  /** Nobody looks: the encoder's memory is given back. */
  #release(): void {
    this.#refinement.cancel();
    if (this.#encoding) return;
    this.#encoder.clear();
    this.#dirty.addAll();
  }
}
