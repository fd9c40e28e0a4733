import type { Delta } from '@crashcart/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { squash } from './squash.ts';

const along = (...values: readonly number[]) => values.map((x) => ({ x, y: 0 }));

test('joins steps up to the largest one (recorded)', () => {
  expect(squash(along(100, 100))).toEqual(along(100, 100));
  expect(squash(along(100, 100, -5))).toEqual(along(100, 95));
  expect(squash(along(1, 2))).toEqual(along(3));
  expect(squash(along(127))).toEqual(along(127));
  expect(squash([{ x: 300, y: -300 }])).toEqual([{ x: 127, y: -127 }]);
});

test('sends nothing for steps that cancel each other', () => {
  expect(squash(along(5, -5))).toEqual([]);
  expect(squash([])).toEqual([]);
});

test('keeps the way and the limits whatever the steps', () => {
  const step = fc.integer({ min: -127, max: 127 });
  fc.assert(
    fc.property(fc.array(fc.record({ x: step, y: step })), (deltas) => {
      const joined = squash(deltas);
      const way = (steps: readonly Delta[]) =>
        steps.reduce((sum, { x, y }) => ({ x: sum.x + x, y: sum.y + y }), { x: 0, y: 0 });
      expect(way(joined)).toEqual(way(deltas));
      for (const { x, y } of joined) expect(Math.max(Math.abs(x), Math.abs(y))).toBeLessThan(128);
      expect(joined.length).toBeLessThanOrEqual(deltas.length);
    }),
  );
});
