import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  crop,
  feed,
  inflaters,
  type Picture,
  pictures,
  rgb,
  splits,
  survives,
  TestScreen,
  zlibBlock,
} from '../../../test/support/rfb-decoding.ts';
import type { Reading } from './reader.ts';
import type { RfbRect, RfbScreen } from './screen.ts';
import { readTight } from './tight.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const FILTERS = ['copy', 'palette', 'gradient'] as const;
const whole = ({ width, height }: Pick<Picture, 'width' | 'height'>) => ({
  ...{ x: 0, y: 0, width, height },
});

function compactLength(length: number): number[] {
  if (length < 128) return [length];
  if (length < 16_384) return [(length & 127) | 128, length >> 7];
  return [(length & 127) | 128, ((length >> 7) & 127) | 128, length >> 14];
}

function packed(bytes: readonly number[]): number[] {
  if (bytes.length < 12) return [...bytes];
  const block = zlibBlock(bytes);
  return [...compactLength(block.length), ...block];
}

function gradient(picture: Picture): number[] {
  const at = (x: number, y: number) =>
    x < 0 || y < 0 ? [0, 0, 0] : rgb(picture.colours[y * picture.width + x] ?? 0);
  return picture.colours.flatMap((_, index) => {
    const [x, y] = [index % picture.width, Math.floor(index / picture.width)];
    return at(x, y).map((part, i) => {
      const guess = (at(x - 1, y)[i] ?? 0) + (at(x, y - 1)[i] ?? 0) - (at(x - 1, y - 1)[i] ?? 0);
      return (part - Math.min(255, Math.max(0, guess))) & 255;
    });
  });
}

/** A rectangle in a zlib stream that begins with it. */
function encode(picture: Picture, filter: (typeof FILTERS)[number], stream: number): Uint8Array {
  const head = (explicit: boolean) => (explicit ? 0x40 : 0) | (stream << 4) | (1 << stream);
  const palette = [...new Set(picture.colours)];
  if (palette.length === 1) return Uint8Array.of(0x80, ...rgb(palette[0] ?? 0));
  if (filter === 'gradient') return Uint8Array.of(head(true), 2, ...packed(gradient(picture)));
  if (filter === 'copy') return Uint8Array.of(head(false), ...packed(picture.colours.flatMap(rgb)));
  const indexes = picture.colours.map((colour) => palette.indexOf(colour));
  const rows: number[] = [];
  for (let y = 0; y < picture.height; y += 1) {
    const row = indexes.slice(y * picture.width, (y + 1) * picture.width);
    if (palette.length > 2) rows.push(...row);
    else {
      for (let x = 0; x < row.length; x += 8) {
        rows.push(
          Number.parseInt(
            row
              .slice(x, x + 8)
              .join('')
              .padEnd(8, '0'),
            2,
          ),
        );
      }
    }
  }
  const colours = palette.flatMap(rgb);
  return Uint8Array.of(head(true), 1, palette.length - 1, ...colours, ...packed(rows));
}

const noJpeg = async (): Promise<Uint8Array> => {
  throw new Error('not a JPEG');
};
const read = (screen: RfbScreen, rect: RfbRect): Reading =>
  readTight(screen, rect, { inflaters: inflaters(), decodeJpeg: noJpeg });

/** A file that claims to have this size, without a picture. */
function jpegOf(width: number, height: number): number[] {
  const size = [height >> 8, height & 255, width >> 8, width & 255];
  return [0xff, 0xd8, 0xff, 0xc0, 0, 8, 8, ...size, 0, 0xff, 0xda, 0, 2, 0xff, 0xd9];
}

describe('Tight', () => {
  it('fills', async () => {
    const screen = new TestScreen(2, 1);
    expect(await feed(read(screen, whole(screen)), hex('80 112233'))).toBe(true);
    expect(screen.colours).toEqual([0x112233, 0x112233]);
  });

  it('gives any picture back with every filter and stream, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        pictures(40),
        splits,
        fc.constantFrom(...FILTERS),
        fc.nat(3),
        async (picture, sizes, filter, stream) => {
          const screen = new TestScreen(picture.width, picture.height);
          const input = encode(picture, filter, stream);
          expect(await feed(read(screen, whole(picture)), input, sizes)).toBe(true);
          expect(screen.colours).toEqual(picture.colours);
        },
      ),
    );
  });

  it('puts a JPEG where it belongs, when it has the size of its rectangle', async () => {
    const rect = { x: 1, y: 1, width: 2, height: 1 };
    const jpeg = jpegOf(2, 1);
    const decodeJpeg = async (file: Uint8Array) => {
      expect([...file]).toEqual(jpeg);
      return hex('01020300 04050600');
    };
    const screen = new TestScreen(3, 2);
    const reading = readTight(screen, rect, { inflaters: inflaters(), decodeJpeg });
    expect(await feed(reading, Uint8Array.of(0x90, jpeg.length, ...jpeg), [1])).toBe(true);
    expect(crop({ ...screen, width: 3, height: 2, colours: screen.colours }, rect)).toEqual([
      0x030201, 0x060504,
    ]);
  });

  it.each([
    ['a JPEG of another size', [0x90, 18, ...jpegOf(8000, 8000)], /does not fit/],
    ['a broken JPEG', [0x90, 18, ...jpegOf(4, 4)], /broken JPEG/],
    ['PNG', [0xa0], /unknown kind of Tight rectangle, 10/],
    ['an unknown filter', [0x40, 3], /unknown Tight filter, 3/],
    [
      'a colour outside its palette',
      [0x40, 1, 2, 1, 1, 1, 2, 2, 2, 3, 3, 3, ...packed([0, 1, 2, 3, ...Array(12).fill(0)])],
      /outside its palette/,
    ],
    ['too few pixels', [0x00, ...packed(Array(20).fill(1))], /too few/],
    ['too many pixels', [0x00, ...packed(Array(60).fill(1))], /more pixels/],
  ])('refuses %s', async (_, input, message) => {
    const reading = read(new TestScreen(4, 4), { x: 0, y: 0, width: 4, height: 4 });
    await expect(feed(reading, Uint8Array.from(input))).rejects.toThrow(message);
  });

  it('throws nothing but RfbError whatever comes', () => survives(read));

  it('throws nothing but RfbError whatever the filtered pixels are', () =>
    survives((screen, rect) => {
      const plain = { inflate: async (bytes: Uint8Array) => bytes.slice(), reset() {} };
      return readTight(screen, rect, {
        inflaters: [plain, plain, plain, plain],
        decodeJpeg: noJpeg,
      });
    }));
});
