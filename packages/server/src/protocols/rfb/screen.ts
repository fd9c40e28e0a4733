import { RFB_LIMITS, RfbError } from './limits.ts';

/** A rectangle of the remote screen in px. */
export interface RfbRect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const BYTES_PER_PIXEL = 4;

/**
 * Where decoded pixels go: a framebuffer of BGRX, or nowhere while nobody wants them. A colour is a
 * number 0xRRGGBB, which is BGRX in the memory of a little-endian machine.
 */
export class RfbScreen {
  #width = 0;
  #height = 0;
  #bytes: Uint8Array | undefined;
  #words: Uint32Array | undefined;

  /** px. */
  get width(): number {
    return this.#width;
  }

  /** px. */
  get height(): number {
    return this.#height;
  }

  /** Takes a new size, without a framebuffer; throws when it is absurd. */
  resize(width: number, height: number): void {
    const { width: maxWidth, height: maxHeight, pixels } = RFB_LIMITS;
    if (width === 0 || height === 0) throw new RfbError('The VNC server shows no screen');
    if (width > maxWidth || height > maxHeight || width * height > pixels) {
      throw new RfbError(`A screen of ${width}x${height} px is too large`);
    }
    this.#width = width;
    this.#height = height;
    this.attach(undefined);
  }

  /** Where pixels go from now on: at least width * height * 4 bytes at a multiple of 4. */
  attach(framebuffer: Uint8Array | undefined): void {
    const pixels = this.#width * this.#height;
    if (framebuffer && framebuffer.length < pixels * BYTES_PER_PIXEL) {
      throw new RfbError('The framebuffer is smaller than the screen');
    }
    this.#bytes = framebuffer;
    this.#words =
      framebuffer && new Uint32Array(framebuffer.buffer, framebuffer.byteOffset, pixels);
  }

  /** Throws when a rectangle is not inside the screen. */
  check({ x, y, width, height }: RfbRect): void {
    if (x + width > this.#width || y + height > this.#height) {
      throw new RfbError('The VNC server sent pixels outside the screen');
    }
  }

  /** One colour for a rectangle. */
  fill({ x, y, width, height }: RfbRect, colour: number): void {
    if (!this.#words) return;
    for (let row = y; row < y + height; row += 1) {
      const start = row * this.#width + x;
      this.#words.fill(colour, start, start + width);
    }
  }

  /** Colours of a rectangle, row by row. */
  put({ x, y, width, height }: RfbRect, colours: Uint32Array): void {
    if (!this.#words) return;
    for (let row = 0; row < height; row += 1) {
      const part = colours.subarray(row * width, (row + 1) * width);
      this.#words.set(part, (y + row) * this.#width + x);
    }
  }

  /** Some bytes of a rectangle's BGRX, from its byte `offset` on. */
  putBytes(rect: RfbRect, offset: number, bytes: Uint8Array): void {
    if (!this.#bytes) return;
    const rowBytes = rect.width * BYTES_PER_PIXEL;
    let at = 0;
    while (at < bytes.length) {
      const row = Math.floor((offset + at) / rowBytes);
      const column = (offset + at) % rowBytes;
      const part = bytes.subarray(at, at + rowBytes - column);
      this.#bytes.set(part, ((rect.y + row) * this.#width + rect.x) * BYTES_PER_PIXEL + column);
      at += part.length;
    }
  }

  /** Copies what is at `fromX`, `fromY` to a rectangle; they may overlap. */
  copy({ x, y, width, height }: RfbRect, fromX: number, fromY: number): void {
    if (!this.#words) return;
    for (let index = 0; index < height; index += 1) {
      const row = fromY < y ? height - 1 - index : index;
      const start = (fromY + row) * this.#width + fromX;
      this.#words.copyWithin((y + row) * this.#width + x, start, start + width);
    }
  }
}
