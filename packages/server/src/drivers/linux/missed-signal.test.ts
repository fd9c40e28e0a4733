import { expect, it } from 'vitest';
import { MissedSignal } from './missed-signal.ts';

it('is patient with a program, and more so when a new start did not help', () => {
  const missed = new MissedSignal(10);
  const at = (...times: readonly number[]) => times.map((ms) => missed.isMissed(true, ms));
  expect(at(0, 9, 10)).toEqual([false, false, true]);
  expect(at(11, 30, 31)).toEqual([false, false, true]);
  missed.seen();
  expect(at(40, 50)).toEqual([false, true]);
});

it('gives a program that was started anew its time', () => {
  const missed = new MissedSignal(10);
  expect(missed.isMissed(true, 0)).toBe(false);
  missed.started();
  expect(missed.isMissed(true, 50)).toBe(false);
  expect(missed.isMissed(true, 60)).toBe(true);
});

it('expects nothing while the device has no signal', () => {
  const missed = new MissedSignal(10);
  expect(missed.isMissed(true, 0)).toBe(false);
  expect(missed.isMissed(false, 9)).toBe(false);
  expect(missed.isMissed(true, 12)).toBe(false);
  expect(missed.isMissed(true, 21)).toBe(false);
  expect(missed.isMissed(true, 22)).toBe(true);
});
