import type { Frame, Rect } from '../core/video-source.ts';
import type { Pixels } from './jpeg-encoder.ts';

const BYTES_PER_PIXEL = 4;

/**
 * The hub's own copy of the picture, BGRX. There is always at most one: the newest. It is written
 * only between two turns of the event loop, so whoever reads it without awaiting sees a whole one.
 */
export class Screen implements Pixels {
  data: Buffer = Buffer.alloc(0);
  width = 0;
  height = 0;
  /** False while it shows why there is no signal. */
  online = false;
  /** Grows with every change. */
  seq = 0;
  /** ms on the monotonic clock. */
  grabBeginMs = 0;
  grabEndMs = 0;

  /** True when there is a picture at all. */
  get present(): boolean {
    return this.data.length > 0;
  }

  /**
   * Takes over what a BGRX frame has changed; answers that, null when it was everything. Sources
   * send again what has not changed, some the whole screen: that is nothing new, and no rectangle.
   */
  update(frame: Frame): readonly Rect[] | null {
    const fits = frame.width === this.width && frame.height === this.height;
    const whole = frame.dirty === null || !this.online || !fits;
    const { grabBeginMs, grabEndMs } = frame;
    const changed = (frame.dirty ?? []).filter((rect) => !whole && this.#copy(frame, rect));
    if (this.online && fits && (whole ? this.data.equals(frame.data) : changed.length === 0)) {
      Object.assign(this, { grabBeginMs, grabEndMs });
      return [];
    }
    if (!fits) this.#resize(frame.width, frame.height);
    if (whole) this.data.set(frame.data.subarray(0, this.data.length));
    this.#stamp(true, grabBeginMs, grabEndMs);
    return whole ? null : changed;
  }

  /** Shows a picture that is not the machine's. */
  show(picture: Pixels, nowMs: number): void {
    this.data = picture.data;
    this.width = picture.width;
    this.height = picture.height;
    this.#stamp(false, nowMs, nowMs);
  }

  /** Forgets the picture and its memory. */
  clear(): void {
    this.#resize(0, 0);
    this.#stamp(false, 0, 0);
  }

  #stamp(online: boolean, beginMs: number, endMs: number): void {
    this.online = online;
    this.grabBeginMs = beginMs;
    this.grabEndMs = endMs;
    this.seq += 1;
  }

  #resize(width: number, height: number): void {
    this.width = width;
    this.height = height;
    this.data = Buffer.allocUnsafeSlow(width * height * BYTES_PER_PIXEL);
  }

  /** Whether it has changed anything. */
  #copy(frame: Frame, rect: Rect): boolean {
    const rowBytes = frame.width * BYTES_PER_PIXEL;
    const bytes = rect.width * BYTES_PER_PIXEL;
    const isBand = rect.width === frame.width;
    const runBytes = isBand ? bytes * rect.height : bytes;
    const first = rect.y * rowBytes + rect.x * BYTES_PER_PIXEL;
    let isNew = false;
    for (let run = 0; run < (isBand ? 1 : rect.height); run += 1) {
      const from = first + run * rowBytes;
      const to = from + runBytes;
      isNew ||= this.data.compare(frame.data, from, to, from, to) !== 0;
      if (isNew) this.data.set(frame.data.subarray(from, to), from);
    }
    return isNew;
  }
}
