import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bgr,
  crop,
  feed,
  inflaters,
  type Picture,
  pictures,
  splits,
  survives,
  TestScreen,
  tilesOf,
  zlibBlock,
} from '../../../test/support/rfb-decoding.ts';
import { RfbError } from './limits.ts';
import type { Reading } from './reader.ts';
import type { RfbRect, RfbScreen } from './screen.ts';
import { readZrle } from './zrle.ts';

const KINDS = ['raw', 'packed', 'runs', 'palette runs'] as const;

/** Runs of equal values as [value, length]. */
function runsOf(values: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last?.[0] === value) last[1] += 1;
    else runs.push([value, 1]);
  }
  return runs;
}

const runLength = (length: number) => [
  ...Array<number>(Math.floor((length - 1) / 255)).fill(255),
  (length - 1) % 255,
];

function encodeTile(colours: readonly number[], width: number, kind: (typeof KINDS)[number]) {
  const palette = [...new Set(colours)];
  const indexes = colours.map((colour) => palette.indexOf(colour));
  if (palette.length === 1) return [1, ...bgr(colours[0] ?? 0)];
  if (kind === 'packed' && palette.length <= 16) {
    const bits = palette.length === 2 ? 1 : palette.length <= 4 ? 2 : 4;
    const bytes: number[] = [];
    for (let row = 0; row < indexes.length; row += width) {
      const text = indexes
        .slice(row, row + width)
        .map((index) => index.toString(2).padStart(bits, '0'))
        .join('');
      for (let at = 0; at < text.length; at += 8) {
        bytes.push(Number.parseInt(text.slice(at, at + 8).padEnd(8, '0'), 2));
      }
    }
    return [palette.length, ...palette.flatMap(bgr), ...bytes];
  }
  if (kind === 'runs') {
    const runs = runsOf(colours).flatMap(([colour, length]) => [
      ...bgr(colour),
      ...runLength(length),
    ]);
    return [128, ...runs];
  }
  if (kind === 'palette runs') {
    const runs = runsOf(indexes).flatMap(([index, length]) =>
      length === 1 ? [index] : [index | 128, ...runLength(length)],
    );
    return [128 + palette.length, ...palette.flatMap(bgr), ...runs];
  }
  return [0, ...colours.flatMap(bgr)];
}

function encode(picture: Picture, kinds: readonly (typeof KINDS)[number][]): Buffer {
  const tiles = tilesOf(picture, 64).flatMap((tile, index) =>
    encodeTile(crop(picture, tile), tile.width, kinds[index % kinds.length] ?? 'raw'),
  );
  return withLength(zlibBlock(tiles));
}

function withLength(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length);
  return Buffer.concat([head, bytes]);
}

const read = (screen: RfbScreen, rect: RfbRect): Reading =>
  readZrle(screen, rect, inflaters()[0] ?? never());

describe('ZRLE', () => {
  it('gives any picture back in every kind of tile, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        pictures(80),
        splits,
        fc.array(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 4 }),
        async (picture, sizes, kinds) => {
          const { width, height } = picture;
          const screen = new TestScreen(width, height);
          const reading = read(screen, { x: 0, y: 0, width, height });
          expect(await feed(reading, encode(picture, kinds), sizes)).toBe(true);
          expect(screen.colours).toEqual(picture.colours);
        },
      ),
    );
  });

  it.each([
    ['an unknown kind of tile', [17], /unknown kind of tile, 17/],
    ['a run outside its tile', [128, 1, 2, 3, 255, 255, 9], /run outside/],
    ['an endless run', [128, 1, 2, 3, ...Array<number>(99).fill(255)], /run outside/],
    ['a colour outside its palette', [130, 1, 2, 3, 4, 5, 6, 7], /outside its palette/],
    ['too little', [0, 1, 2, 3], /too few/],
    ['too much', [1, 1, 2, 3, 4], /more pixels/],
  ])('refuses %s', async (_, tile, message) => {
    const reading = read(new TestScreen(4, 4), { x: 0, y: 0, width: 4, height: 4 });
    await expect(feed(reading, withLength(zlibBlock(tile)))).rejects.toThrow(message);
  });

  it('refuses what is no zlib', async () => {
    const reading = read(new TestScreen(4, 4), { x: 0, y: 0, width: 4, height: 4 });
    await expect(feed(reading, withLength(Buffer.from('nonsense')))).rejects.toThrow(RfbError);
  });

  it('throws nothing but RfbError whatever comes', () => survives(read));

  it('throws nothing but RfbError whatever the tiles are', () =>
    survives((screen, rect) => inflated(screen, rect)));
});

/** The input is deflated before it is read, so that it comes as far as the tiles. */
function* inflated(screen: RfbScreen, rect: RfbRect): Reading {
  const plain = { inflate: async (bytes: Uint8Array) => bytes.slice(), reset() {} };
  yield* readZrle(screen, rect, plain);
}

function never(): never {
  throw new Error('no stream');
}
