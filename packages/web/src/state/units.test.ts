import { describe, expect, it } from 'vitest';
import { bytesText, dateText, timeLeftText } from './units.ts';

describe('a size in words', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.00 kB'],
    [9_994, '9.99 kB'],
    [9_996, '10.0 kB'],
    [99_960, '100 kB'],
    [999_499, '999 kB'],
    [999_500, '1.00 MB'],
    [4_700_372_992, '4.70 GB'],
    [12_345_600_000_000_000, '12346 TB'],
  ])('%d is %s', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });
});

describe('a time left in words', () => {
  it.each([
    [0, 'a moment left'],
    [5, '5 s left'],
    [31, '35 s left'],
    [59, '60 s left'],
    [60, '1 min left'],
    [61, '2 min left'],
    [3_540, '59 min left'],
    [3_600, '1 h 0 min left'],
    [7_260, '2 h 1 min left'],
    [1e9, 'more than 100 h left'],
  ])('%d s is %s', (seconds, text) => {
    expect(timeLeftText(seconds)).toBe(text);
  });
});

it('tells a date that sorts', () => {
  expect(dateText(new Date(2026, 10, 3, 9, 5).getTime())).toBe('2026-11-03 09:05');
});
