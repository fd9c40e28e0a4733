import { bgrAt, paletteOf } from './colours.ts';
import { type RfbInflater, readInflated } from './inflate.ts';
import { RfbError } from './limits.ts';
import { type Reading, viewOf } from './reader.ts';
import type { RfbRect, RfbScreen } from './screen.ts';

const TILE = 64;

/**
 * ZRLE encoding (RFC 6143, 7.7.6): `length: u32 | zlib of tiles`, one zlib stream for all of a
 * connection. Tiles of 64x64 px, from left to right, then down; a pixel is 3 bytes, blue first.
 *
 *     0 | pixel *             1 | pixel: all of it
 *     2..16: a palette of so many, then indexes of 1, 2 or 4 bits, rows begin at a byte
 *     128 | (pixel run)*      130..255: a palette of 2..127, then (index | index+128 run)*
 *     run: 255 * | last: its length is 1 + their sum
 */
export function* readZrle(screen: RfbScreen, rect: RfbRect, inflater: RfbInflater): Reading {
  const length = viewOf(yield 4).getUint32(0);
  yield* readInflated(inflater, length, readTiles(screen, rect));
}

function* readTiles(screen: RfbScreen, rect: RfbRect): Reading {
  const buffer = new Uint32Array(TILE * TILE);
  for (let y = rect.y; y < rect.y + rect.height; y += TILE) {
    const height = Math.min(TILE, rect.y + rect.height - y);
    for (let x = rect.x; x < rect.x + rect.width; x += TILE) {
      const width = Math.min(TILE, rect.x + rect.width - x);
      const pixels = buffer.subarray(0, width * height);
      yield* readTile(pixels, width);
      screen.put({ x, y, width, height }, pixels);
    }
  }
}

function* readTile(pixels: Uint32Array, width: number): Reading {
  const [kind = 0] = yield 1;
  if (kind === 0) {
    const bytes = yield pixels.length * 3;
    for (let index = 0; index < pixels.length; index += 1) pixels[index] = bgrAt(bytes, index * 3);
  } else if (kind === 1) {
    pixels.fill(bgrAt(yield 3, 0));
  } else if (kind <= 16) {
    const palette = paletteOf(yield kind * 3, bgrAt);
    yield* readPacked(pixels, width, palette);
  } else if (kind === 128) {
    yield* readRuns(pixels);
  } else if (kind >= 130) {
    const palette = paletteOf(yield (kind - 128) * 3, bgrAt);
    yield* readPaletteRuns(pixels, palette);
  } else {
    throw new RfbError(`The VNC server sent an unknown kind of tile, ${kind}`);
  }
}

function* readPacked(pixels: Uint32Array, width: number, palette: Uint32Array): Reading {
  const bits = palette.length === 2 ? 1 : palette.length <= 4 ? 2 : 4;
  const rowBytes = Math.ceil((width * bits) / 8);
  const mask = 2 ** bits - 1;
  for (let row = 0; row < pixels.length; row += width) {
    const bytes = yield rowBytes;
    for (let x = 0; x < width; x += 1) {
      const bit = x * bits;
      const index = ((bytes[bit >> 3] ?? 0) >> (8 - bits - (bit & 7))) & mask;
      pixels[row + x] = colourOf(palette, index);
    }
  }
}

function* readRuns(pixels: Uint32Array): Reading {
  for (let at = 0; at < pixels.length; ) {
    const colour = bgrAt(yield 3, 0);
    at = fillRun(pixels, at, yield* readRunLength(), colour);
  }
}

function* readPaletteRuns(pixels: Uint32Array, palette: Uint32Array): Reading {
  for (let at = 0; at < pixels.length; ) {
    const [byte = 0] = yield 1;
    const colour = colourOf(palette, byte & 127);
    at = fillRun(pixels, at, byte & 128 ? yield* readRunLength() : 1, colour);
  }
}

function* readRunLength(): Reading<number> {
  let length = 1;
  for (;;) {
    const [byte = 0] = yield 1;
    length += byte;
    if (byte < 255) return length;
    if (length > TILE * TILE) throw new RfbError('The VNC server sent a run outside its tile');
  }
}

function fillRun(pixels: Uint32Array, at: number, length: number, colour: number): number {
  const end = at + length;
  if (end > pixels.length) throw new RfbError('The VNC server sent a run outside its tile');
  pixels.fill(colour, at, end);
  return end;
}

function colourOf(palette: Uint32Array, index: number): number {
  const colour = palette[index];
  if (colour === undefined) throw new RfbError('The VNC server sent a colour outside its palette');
  return colour;
}
