import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { commandOutput } from './command-output.ts';

test('gives what a program prints, and why there is nothing', async () => {
  expect(await commandOutput(['echo', 'a  b'])).toBe('a  b\n');
  await expect(commandOutput(['false'])).rejects.toThrow('Command failed');
  await expect(commandOutput(['/nonexistent/program'])).rejects.toThrow('ENOENT');
});

test('is ended by its time and by its signal', async () => {
  await expect(commandOutput(['sleep', '60'], { timeoutMs: 10 })).rejects.toMatchObject({
    killed: true,
  });
  const gone = new AbortController();
  const output = commandOutput(['sleep', '60'], { signal: gone.signal });
  gone.abort(new Error('enough'));
  await expect(output).rejects.toThrow('enough');
  await expect(commandOutput(['true'], { signal: gone.signal })).rejects.toThrow('enough');
});

test('leaves nothing behind at a signal that lives on', async () => {
  const { signal } = new AbortController();
  await commandOutput(['true'], { signal });
  await expect(commandOutput(['/nonexistent/program'], { signal })).rejects.toThrow();
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});
