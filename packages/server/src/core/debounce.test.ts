import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Debounce } from './debounce.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function bounce(quietMs: number) {
  const accepted: boolean[] = [];
  return { accepted, line: new Debounce(quietMs, (value) => accepted.push(value)) };
}

test('a change is accepted at once, what follows only when it is quiet again', () => {
  const { accepted, line } = bounce(100);
  for (const value of [false, true, false, true]) line.push(value);
  expect(accepted).toEqual([false]);
  vi.advanceTimersByTime(100);
  expect(accepted).toEqual([false, true]);
  vi.advanceTimersByTime(1000);
  expect(accepted).toEqual([false, true]);
});

test('a value that went back meanwhile is no change', () => {
  const { accepted, line } = bounce(100);
  for (const value of [true, false, true]) line.push(value);
  vi.advanceTimersByTime(200);
  line.push(true);
  expect(accepted).toEqual([true]);
});

test('without a time every change is accepted', () => {
  const { accepted, line } = bounce(0);
  for (const value of [true, true, false, true]) line.push(value);
  expect(accepted).toEqual([true, false, true]);
});

test('nothing comes after it was closed', () => {
  const { accepted, line } = bounce(100);
  line.push(true);
  line.push(false);
  line.close();
  vi.advanceTimersByTime(1000);
  expect(accepted).toEqual([true]);
});
