import type { Rect } from '../../core/video-source.ts';
import type { AvFrame, AvScaler, NodeAv } from '../../video/node-av.ts';

/** What a device sends. */
export interface RawFormat {
  /** px. */
  readonly width: number;
  /** px. */
  readonly height: number;
  /** FFmpeg's number of it. */
  readonly pixelFormat: number;
}

/** A converted picture; `data` is valid until the next one. */
export interface Converted {
  readonly data: Uint8Array;
  /** What differs from the picture before; null = everything may. */
  readonly dirty: readonly Rect[] | null;
}

/** Rows that are compared at once: the height of a JPEG block. */
const STRIP = 16;

/**
 * Turns raw pictures into BGRX, and finds what of them has changed: a digital signal that stands
 * still is the same to the last bit. The work is done in libuv's pool.
 */
export class V4l2Pixels {
  readonly #av: NodeAv;
  readonly #format: RawFormat;
  readonly #scaler: AvScaler;
  readonly #target: AvFrame;
  #before = Buffer.alloc(0);

  /** Throws an Error when FFmpeg refuses the size. */
  constructor(av: NodeAv, format: RawFormat) {
    const { width, height } = format;
    this.#av = av;
    this.#format = format;
    this.#scaler = new av.SoftwareScaleContext();
    this.#scaler.allocContext();
    this.#target = new av.Frame();
    this.#target.alloc();
    Object.assign(this.#target, { width, height, format: av.AV_PIX_FMT_BGR0 });
    if (this.#target.getBuffer(1) < 0) throw new Error(`No picture can have ${width}x${height}`);
  }

  /** Undefined when it is the same as the one before, or too short. Throws what FFmpeg refuses. */
  async convert(raw: Buffer): Promise<Converted | undefined> {
    const dirty = this.#compare(raw);
    if (dirty?.length === 0) return undefined;
    const { width, height, pixelFormat } = this.#format;
    const times = { timeBase: { num: 1, den: 1 }, pts: 0n };
    const of = { width, height, format: pixelFormat };
    const source = this.#av.Frame.fromVideoBuffer(this.#before, { ...of, ...times });
    try {
      const code = await this.#scaler.scaleFrame(this.#target, source);
      if (code < 0) throw new Error(`The picture cannot be converted (error ${-code} of FFmpeg)`);
    } finally {
      source.free();
    }
    const data = this.#target.data?.[0]?.subarray(0, width * height * 4);
    return data && { data, dirty };
  }

  free(): void {
    this.#scaler.freeContext();
    this.#target.free();
  }

  /** Takes over what has changed; answers where. */
  #compare(raw: Buffer): readonly Rect[] | null {
    const { width, height } = this.#format;
    if (raw.length !== this.#before.length) {
      this.#before = Buffer.from(raw);
      return null;
    }
    // Planes lie behind each other: rows of them are no rows of the picture.
    const isPacked = raw.length % height === 0 && raw.length >= 2 * width * height;
    if (!isPacked) {
      if (raw.equals(this.#before)) return [];
      raw.copy(this.#before);
      return null;
    }
    const rowBytes = raw.length / height;
    const dirty: Rect[] = [];
    for (let y = 0; y < height; y += STRIP) {
      const rows = Math.min(STRIP, height - y);
      const [from, to] = [y * rowBytes, (y + rows) * rowBytes];
      if (raw.compare(this.#before, from, to, from, to) === 0) continue;
      raw.copy(this.#before, from, from, to);
      dirty.push({ x: 0, y, width, height: rows });
    }
    return dirty;
  }
}
