import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { anySignal } from './any-signal.ts';

test('aborts with the first, with its reason, and lets go of the others', () => {
  const short = new AbortController();
  const long = new AbortController();
  const signal = anySignal([long.signal, short.signal]);
  expect(signal.aborted).toBe(false);
  expect(getEventListeners(long.signal, 'abort')).toHaveLength(1);
  short.abort('first');
  expect(signal.reason).toBe('first');
  expect(getEventListeners(long.signal, 'abort')).toHaveLength(0);
  long.abort('second');
  expect(signal.reason).toBe('first');
});

test('is aborted at once when one of them is', () => {
  const long = new AbortController();
  const signal = anySignal([AbortSignal.abort('before'), long.signal]);
  expect(signal.reason).toBe('before');
  expect(getEventListeners(long.signal, 'abort')).toHaveLength(0);
});

test('keeps a timeout that nobody else holds', async () => {
  const signal = anySignal([new AbortController().signal, AbortSignal.timeout(1)]);
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
  expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
});
