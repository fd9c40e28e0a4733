import { expect, it } from 'vitest';
import { nearest } from './move-focus.ts';

/** Keys `a b c` above a wide one `d`, and one far below. */
const box = (left: number, top: number, width = 10) => ({
  ...{ left, top },
  right: left + width,
  bottom: top + 10,
});
const KEYS = [box(0, 0), box(12, 0), box(24, 0), box(0, 12, 34), box(0, 40)];
const go = (from: number, x: number, y: number) => nearest(KEYS[from] ?? box(0, 0), KEYS, [x, y]);

it('steps along a row and stops at its end', () => {
  expect(go(0, 1, 0)).toBe(1);
  expect(go(2, -1, 0)).toBe(1);
  expect(go(2, 1, 0)).toBeUndefined();
});

it('goes to the next row, also from and to a wide key', () => {
  expect(go(1, 0, 1)).toBe(3);
  expect(go(3, 0, -1)).toBe(1);
  expect(go(3, 0, 1)).toBe(4);
});
