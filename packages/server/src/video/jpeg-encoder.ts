import type { Rect } from '../core/video-source.ts';
import { loadJpegTurbo } from './jpeg-turbo.ts';
import { type JpegStrip, parseStrip, STRIP_ROWS, spliceStrips } from './strip-splice.ts';

/** Pixels to encode: BGRX without row padding. */
export interface Pixels {
  readonly data: Buffer;
  /** px. */
  readonly width: number;
  readonly height: number;
}

/** Strips that are encoded at the same time. */
const LANES = 2;
const BYTES_PER_PIXEL = 4;

/**
 * Encodes successive pictures of one screen. It remembers each strip of 16 rows in encoded form, so
 * that a small change costs only the strips that it touches; a large one is encoded in one go. One
 * call at a time; the pixels are copied before the first await, so they may change meanwhile.
 */
export class JpegEncoder {
  #width = 0;
  #height = 0;
  #quality = 0;
  /** Encoded strips; undefined where the pixels have changed since. */
  #strips: (JpegStrip | undefined)[] = [];
  #scratch = Buffer.alloc(0);
  #out = Buffer.alloc(0);
  #laneOuts: Buffer[] = [];

  /** `dirty`: what changed since the call before, null for all. */
  async encode(pixels: Pixels, dirty: readonly Rect[] | null, quality: number): Promise<Buffer> {
    const { width, height } = pixels;
    const same = width === this.#width && height === this.#height && quality === this.#quality;
    if (!same) this.#reset(width, height, quality);
    const changed = same && dirty ? this.#invalidate(dirty) : this.#invalidateAll();
    const oneShot = changed * 2 >= this.#strips.length;
    const stale = [...this.#strips.keys()].filter((index) => !this.#strips[index]);
    const rowBytes = width * BYTES_PER_PIXEL;
    if (oneShot) pixels.data.copy(this.#scratch);
    else {
      for (const index of stale) {
        const start = index * STRIP_ROWS * rowBytes;
        pixels.data.copy(this.#scratch, start, start, start + STRIP_ROWS * rowBytes);
      }
    }
    return oneShot ? this.#encodeWhole() : this.#encodeStrips(stale);
  }

  /** Gives the memory back; the next call encodes everything. */
  clear(): void {
    this.#reset(0, 0, 0);
  }

  #reset(width: number, height: number, quality: number): void {
    this.#width = width;
    this.#height = height;
    this.#quality = quality;
    this.#strips = new Array(Math.ceil(height / STRIP_ROWS)).fill(undefined);
    this.#scratch = Buffer.allocUnsafe(width * height * BYTES_PER_PIXEL);
    this.#out = Buffer.alloc(0);
    this.#laneOuts = [];
  }

  #invalidate(dirty: readonly Rect[]): number {
    const changed = new Set<number>();
    for (const rect of dirty) {
      const last = Math.min(this.#height, rect.y + rect.height) - 1;
      for (let y = rect.y - (rect.y % STRIP_ROWS); y <= last; y += STRIP_ROWS) {
        changed.add(y / STRIP_ROWS);
      }
    }
    for (const index of changed) this.#strips[index] = undefined;
    return changed.size;
  }

  #invalidateAll(): number {
    this.#strips.fill(undefined);
    return this.#strips.length;
  }

  async #encodeWhole(): Promise<Buffer> {
    const turbo = await loadJpegTurbo();
    const bytes = turbo.outputBytes(this.#width, this.#height);
    if (this.#out.length < bytes) this.#out = Buffer.allocUnsafeSlow(bytes);
    const jpeg = await turbo.encode(
      this.#scratch,
      this.#width,
      this.#height,
      this.#quality,
      this.#out,
    );
    return Buffer.from(jpeg);
  }

  async #encodeStrips(stale: readonly number[]): Promise<Buffer> {
    const turbo = await loadJpegTurbo();
    const rowBytes = this.#width * BYTES_PER_PIXEL;
    const bytes = turbo.outputBytes(this.#width, STRIP_ROWS);
    const queue = [...stale];
    const lane = async (out: Buffer) => {
      for (let index = queue.pop(); index !== undefined; index = queue.pop()) {
        const top = index * STRIP_ROWS;
        const rows = Math.min(STRIP_ROWS, this.#height - top);
        const input = this.#scratch.subarray(top * rowBytes, (top + rows) * rowBytes);
        const file = await turbo.encode(input, this.#width, rows, this.#quality, out);
        this.#strips[index] = parseStrip(Buffer.from(file));
      }
    };
    const lanes = Math.min(LANES, stale.length);
    while (this.#laneOuts.length < lanes) this.#laneOuts.push(Buffer.allocUnsafeSlow(bytes));
    await Promise.all(this.#laneOuts.slice(0, lanes).map(lane));
    const strips = this.#strips.filter((strip) => strip !== undefined);
    const [first] = strips;
    if (!first || strips.length !== this.#strips.length) throw new Error('A strip is missing');
    const data = strips.map((strip) => strip.data);
    return spliceStrips(first, data, this.#width, this.#height);
  }
}
