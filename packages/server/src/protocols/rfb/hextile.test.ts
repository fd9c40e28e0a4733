import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bgrx,
  crop,
  feed,
  type Picture,
  pictures,
  splits,
  survives,
  TestScreen,
  tilesOf,
} from '../../../test/support/rfb-decoding.ts';
import { readHextile } from './hextile.ts';
import { RfbError } from './limits.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

/** A tile raw, or its background and every other pixel as a rectangle of its own. */
function encode(picture: Picture, raw: boolean): Uint8Array {
  return Uint8Array.from(
    tilesOf(picture, 16).flatMap((tile) => {
      const colours = crop(picture, tile);
      const background = colours[0] ?? 0;
      const others = colours.flatMap((colour, index) => {
        const place = ((index % tile.width) << 4) | Math.floor(index / tile.width);
        return colour === background ? [] : [[...bgrx(colour), place, 0]];
      });
      if (raw || others.length > 255) return [1, ...colours.flatMap(bgrx)];
      return [2 | 8 | 16, ...bgrx(background), others.length, ...others.flat()];
    }),
  );
}

describe('Hextile', () => {
  it('keeps background and foreground from tile to tile', async () => {
    const screen = new TestScreen(20, 2);
    const golden = hex('0e 11223300 44556600 02 00 00 10 01  08 01 21 10');
    expect(await feed(readHextile(screen, { x: 0, y: 0, width: 20, height: 2 }), golden)).toBe(
      true,
    );
    const [b, f] = [0x332211, 0x665544];
    expect(crop({ width: 20, height: 2, colours: screen.colours }, rect(0, 0, 4, 2))).toEqual([
      ...[f, f, b, b],
      ...[b, f, b, b],
    ]);
    expect(crop({ width: 20, height: 2, colours: screen.colours }, rect(16, 0, 4, 2))).toEqual([
      ...[b, b, b, b],
      ...[b, b, f, f],
    ]);
  });

  it('gives any picture back, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(pictures(40), splits, fc.boolean(), async (picture, sizes, raw) => {
        const { width, height } = picture;
        const screen = new TestScreen(width, height);
        const reading = readHextile(screen, { x: 0, y: 0, width, height });
        expect(await feed(reading, encode(picture, raw), sizes)).toBe(true);
        expect(screen.colours).toEqual(picture.colours);
      }),
    );
  });

  it('refuses a rectangle outside its tile', async () => {
    const reading = readHextile(new TestScreen(4, 4), { x: 0, y: 0, width: 4, height: 4 });
    await expect(feed(reading, hex('08 01 30 10'))).rejects.toThrow(RfbError);
  });

  it('throws nothing but RfbError whatever comes', () => survives(readHextile));
});

function rect(x: number, y: number, width: number, height: number) {
  return { x, y, width, height };
}
