import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SilenceWatch } from './silence.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function device() {
  const onSilence = vi.fn();
  const watch = new SilenceWatch(onSilence);
  let nowMs = 0;
  const pass = (ms: number) => {
    nowMs += ms;
    vi.advanceTimersByTime(ms);
  };
  const give = (count: number, everyMs: number) => {
    for (let picture = 0; picture < count; picture += 1) {
      pass(everyMs);
      watch.heard(nowMs);
    }
  };
  return { watch, onSilence, pass, give };
}

it('is told after a fifth of a second, once', () => {
  const { onSilence, pass, give } = device();
  give(20, 100);
  pass(199);
  expect(onSilence).not.toHaveBeenCalled();
  pass(1);
  expect(onSilence).toHaveBeenCalledOnce();
  pass(10_000);
  expect(onSilence).toHaveBeenCalledOnce();
});

it('is judged by the longest pause of a slow device', () => {
  const { onSilence, pass, give } = device();
  give(20, 400);
  pass(799);
  expect(onSilence).not.toHaveBeenCalled();
  pass(1);
  expect(onSilence).toHaveBeenCalledOnce();
  // A fast one again, which forgets the pauses of before.
  give(18, 33);
  pass(200);
  expect(onSilence).toHaveBeenCalledTimes(2);
});

it('is told neither before its pauses are known nor while nothing is expected', () => {
  const { watch, onSilence, pass, give } = device();
  give(8, 33);
  pass(60_000);
  expect(onSilence).not.toHaveBeenCalled();
  watch.rest();
  give(9, 33);
  watch.rest();
  pass(60_000);
  expect(onSilence).not.toHaveBeenCalled();
});
