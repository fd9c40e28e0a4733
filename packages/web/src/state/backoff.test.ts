import { expect, it } from 'vitest';
import { backoffMs } from './backoff.ts';

it('doubles up to 5 s', () => {
  expect([1, 2, 3, 4, 5, 50].map((attempt) => backoffMs(attempt, 0))).toEqual([
    500, 1000, 2000, 4000, 5000, 5000,
  ]);
});

it('comes up to a fifth earlier by chance', () => {
  expect(backoffMs(1, 1)).toBe(400);
});
