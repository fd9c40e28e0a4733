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

  /** Takes over what a BGRX frame has changed; answers that, null when it was everything. */
  update(frame: Frame): readonly Rect[] | null {
    const whole = frame.dirty === null || !this.online || !this.#fits(frame);
    if (!this.#fits(frame)) this.#resize(frame.width, frame.height);
    if (whole) this.data.set(frame.data.subarray(0, this.data.length));
    else for (const rect of frame.dirty ?? []) this.#copy(frame, rect);
    this.#stamp(true, frame.grabBeginMs, frame.grabEndMs);
    return whole ? null : frame.dirty;
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

  #fits(frame: Frame): boolean {
    return frame.width === this.width && frame.height === this.height;
  }

  #resize(width: number, height: number): void {
    this.width = width;
    this.height = height;
    this.data = Buffer.allocUnsafeSlow(width * height * BYTES_PER_PIXEL);
  }

  #copy(frame: Frame, rect: Rect): void {
    const rowBytes = frame.width * BYTES_PER_PIXEL;
    const bytes = rect.width * BYTES_PER_PIXEL;
    const end = rect.y + rect.height;
    if (rect.width === frame.width) {
      const from = rect.y * rowBytes;
      this.data.set(frame.data.subarray(from, end * rowBytes), from);
      return;
    }
    for (let y = rect.y; y < end; y += 1) {
      const from = y * rowBytes + rect.x * BYTES_PER_PIXEL;
      this.data.set(frame.data.subarray(from, from + bytes), from);
    }
  }
}
