import { describe, expect, it } from 'vitest';
import { feed, survives, TestScreen } from '../../../test/support/rfb-decoding.ts';
import { readCopyRect } from './copy-rect.ts';
import { RfbError } from './limits.ts';
import { readRaw } from './raw.ts';

const ALL = { x: 0, y: 0, width: 3, height: 2 };
const PIXELS = Uint8Array.from({ length: 24 }, (_, index) => (index % 4 === 3 ? 0 : index));

describe('rectangles that are not encoded', () => {
  it('are put where they belong, and copied from there, also onto themselves', async () => {
    const screen = new TestScreen(3, 2);
    expect(await feed(readRaw(screen, ALL), PIXELS, [5])).toBe(true);
    const [a, b, c, d, e, f] = screen.colours;
    const source = Uint8Array.of(0, 0, 0, 0);
    expect(await feed(readCopyRect(screen, { ...ALL, x: 1, width: 2 }), source, [1])).toBe(true);
    expect(screen.colours).toEqual([a, a, b, d, d, e]);
    expect([c, f]).not.toContain(undefined);
  });

  it('may not be copied from outside', async () => {
    const reading = readCopyRect(new TestScreen(3, 2), ALL);
    await expect(feed(reading, Uint8Array.of(0, 1, 0, 0))).rejects.toThrow(RfbError);
  });

  it('throw nothing but RfbError whatever comes', async () => {
    await survives(readRaw);
    await survives(readCopyRect);
  });
});
