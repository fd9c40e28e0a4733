import { expect, it } from 'vitest';
import { StreamCounter } from './stream-figures.ts';

it('counts per second, however long the second was', () => {
  const counter = new StreamCounter(0);
  for (let n = 0; n < 60; n += 1) counter.drew();
  counter.received(250_000);
  counter.dropped(3);
  expect(counter.take(2_000)).toEqual({ fps: 30, kbps: 1_000, dropped: 3, rttMs: undefined });
  expect(counter.take(3_000)).toMatchObject({ fps: 0, kbps: 0, dropped: 3 });
});

it('measures from the first ping that was not answered', () => {
  const counter = new StreamCounter(0);
  counter.pinged(100);
  counter.pinged(1_100);
  counter.ponged(1_130);
  counter.ponged(1_140);
  expect(counter.take(2_000).rttMs).toBe(1_030);
});
