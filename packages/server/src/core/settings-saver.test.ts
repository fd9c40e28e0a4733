import { expect, it, vi } from 'vitest';
import { silentLog } from './log.ts';
import { SettingsSaver } from './settings-saver.ts';

it('keeps the first and the newest of many values, one at a time', async () => {
  const kept: number[] = [];
  let open = () => {};
  const saver = new SettingsSaver<number>(async (value) => {
    await new Promise<void>((resolve) => {
      open = resolve;
    });
    kept.push(value);
  }, silentLog);
  for (const value of [1, 2, 3]) saver.save(value);
  open();
  await vi.waitFor(() => expect(kept).toEqual([1]));
  open();
  await saver.close();
  expect(kept).toEqual([1, 3]);
});

it('tries again what could not be kept', async () => {
  const warn = vi.fn();
  const save = vi.fn().mockRejectedValueOnce(new Error('read-only')).mockResolvedValue(undefined);
  const saver = new SettingsSaver<string>(save, { ...silentLog, warn }, 5);
  saver.save('a');
  await vi.waitFor(() => expect(save.mock.calls).toEqual([['a'], ['a']]));
  expect(warn).toHaveBeenCalledTimes(1);
  await saver.close();
});

it('tries the newest a last time at the end', async () => {
  const save = vi.fn().mockRejectedValue(new Error('full'));
  const saver = new SettingsSaver<string>(save, silentLog, 60_000);
  saver.save('a');
  await vi.waitFor(() => expect(save).toHaveBeenCalledTimes(1));
  saver.save('b');
  await saver.close();
  expect(save.mock.calls).toEqual([['a'], ['b']]);
});
