import { constants, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { ZlibInflater } from '../../src/drivers/vnc/zlib-inflater.ts';
import { RfbError } from '../../src/protocols/rfb/limits.ts';
import { ByteReader, type Reading } from '../../src/protocols/rfb/reader.ts';
import { type RfbRect, RfbScreen } from '../../src/protocols/rfb/screen.ts';

/** A picture: colours 0xRRGGBB, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly colours: readonly number[];
}

/** Pictures of up to `maxSide` px that are drawn with few colours or many. */
export const pictures = (maxSide: number): fc.Arbitrary<Picture> =>
  fc
    .record({
      width: fc.integer({ min: 1, max: maxSide }),
      height: fc.integer({ min: 1, max: maxSide }),
      palette: fc.array(fc.nat(0xffffff), { minLength: 1, maxLength: 20 }),
      seed: fc.array(fc.nat(), { minLength: 1, maxLength: 40 }),
      run: fc.integer({ min: 1, max: 300 }),
    })
    .map(({ width, height, palette, seed, run }) => ({
      width,
      height,
      colours: Array.from({ length: width * height }, (_, index) => {
        const at = (seed[Math.floor(index / run) % seed.length] ?? 0) + Math.floor(index / run);
        return palette[at % palette.length] ?? 0;
      }),
    }));

/** Sizes of the chunks in which an input comes. */
export const splits = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 5 });

/** The part of a picture inside a rectangle. */
export function crop({ width, colours }: Picture, rect: RfbRect): number[] {
  return Array.from({ length: rect.height }, (_, row) => {
    const start = (rect.y + row) * width + rect.x;
    return colours.slice(start, start + rect.width);
  }).flat();
}

/** Tiles of a picture, from left to right, then down. */
export function tilesOf({ width, height }: Picture, side: number): RfbRect[] {
  const tiles: RfbRect[] = [];
  for (let y = 0; y < height; y += side) {
    for (let x = 0; x < width; x += side) {
      const size = { width: Math.min(side, width - x), height: Math.min(side, height - y) };
      tiles.push({ x, y, ...size });
    }
  }
  return tiles;
}

export const bgr = (colour: number): number[] => [
  colour & 255,
  (colour >> 8) & 255,
  (colour >> 16) & 255,
];
export const rgb = (colour: number): number[] => bgr(colour).reverse();
export const bgrx = (colour: number): number[] => [...bgr(colour), 0];

/** The first block of a zlib stream. */
export function zlibBlock(bytes: readonly number[]): Buffer {
  return deflateSync(Uint8Array.from(bytes), { finishFlush: constants.Z_SYNC_FLUSH });
}

/** A screen of some px, black. */
export class TestScreen extends RfbScreen {
  readonly pixels: Uint8Array;

  constructor(width: number, height: number) {
    super();
    this.resize(width, height);
    this.pixels = new Uint8Array(width * height * 4);
    this.attach(this.pixels);
  }

  /** What is in the framebuffer, 0xRRGGBB. */
  get colours(): number[] {
    return [...new Uint32Array(this.pixels.buffer)].map((word) => word & 0xffffff);
  }
}

/** Gives an input to a reading in chunks of these sizes, over and over; false: it wants more. */
export async function feed(
  reading: Reading,
  input: Uint8Array,
  sizes: readonly number[] = [input.length],
): Promise<boolean> {
  const reader = new ByteReader(reading);
  let at = 0;
  for (let index = 0; at < input.length; index += 1) {
    const size = Math.max(1, sizes[index % sizes.length] ?? 1);
    const pending = reader.push(input.slice(at, at + size));
    if (pending) await pending;
    at += size;
  }
  await reader.push(new Uint8Array());
  return reader.done && reader.excess === 0;
}

/** Ten thousand inputs in each run of the tests, and a million in `npm run soak`. */
export const manyRuns = (): { readonly numRuns: number } => ({
  numRuns: 50 * (fc.readConfigureGlobal().numRuns ?? 200),
});

const SCREEN = { width: 80, height: 50 };
const RECT = { x: 1, y: 2, width: 70, height: 40 };

/** Whether any input gives an RfbError, a wish for more, or pixels: nothing else is thrown. */
export function survives(read: (screen: RfbScreen, rect: RfbRect) => Reading): Promise<void> {
  return fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 4 }),
      async (input, sizes) => {
        const screen = new TestScreen(SCREEN.width, SCREEN.height);
        try {
          await feed(read(screen, RECT), input, sizes);
        } catch (error) {
          if (!(error instanceof RfbError)) throw error;
        }
        // Whatever came: nothing was written outside the rectangle.
        if (isLitOutside(screen.pixels)) throw new Error('a pixel outside');
      },
    ),
    manyRuns(),
  );
}

function isLitOutside(pixels: Uint8Array): boolean {
  const isLit = (from: number, to: number) =>
    pixels.subarray(from * 4, to * 4).some((part) => part !== 0);
  const { width, height } = SCREEN;
  for (let y = RECT.y; y < RECT.y + RECT.height; y += 1) {
    const row = y * width;
    if (isLit(row, row + RECT.x) || isLit(row + RECT.x + RECT.width, row + width)) return true;
  }
  return isLit(0, RECT.y * width) || isLit((RECT.y + RECT.height) * width, height * width);
}

/** Zlib streams for a decoder. */
export const inflaters = (): ZlibInflater[] => Array.from({ length: 5 }, () => new ZlibInflater());
