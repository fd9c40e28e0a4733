import { expect, test } from 'vitest';
import { Alarm } from './alarm.ts';

test('a wait ends with its time, with a ring, or with the ring before it', async () => {
  const alarm = new Alarm();
  const { signal } = new AbortController();
  await alarm.wait(1, signal);
  const rung = alarm.wait(undefined, signal);
  alarm.ring();
  await rung;
  alarm.ring();
  alarm.ring();
  await alarm.wait(undefined, signal);
  const controller = new AbortController();
  const next = alarm.wait(undefined, controller.signal);
  controller.abort(new Error('over'));
  await expect(next).rejects.toThrow('over');
  await expect(alarm.wait(1, controller.signal)).rejects.toThrow('over');
});
