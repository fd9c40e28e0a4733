import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { withLimit } from './with-limit.ts';

const never = (signal: AbortSignal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });

test('ends an action after its time, or with a signal, and leaves nothing behind', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  expect(await withLimit(1000, [signal], async () => 1)).toBe(1);
  await expect(withLimit(10, [signal], never)).rejects.toThrow('longer than 0.01 s');
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  const ended = withLimit(undefined, [signal], never);
  controller.abort(new Error('closed'));
  await expect(ended).rejects.toThrow('closed');
  await expect(withLimit(undefined, [signal], async (given) => given.aborted)).resolves.toBe(true);
});
