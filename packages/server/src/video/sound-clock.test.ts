import { expect, it } from 'vitest';
import { SoundClock } from './sound-clock.ts';

const PACKET = 960;

it('counts on while sound comes, however unevenly it arrives', () => {
  const clock = new SoundClock();
  clock.feed(PACKET, 1000);
  clock.feed(2 * PACKET, 1090);
  clock.feed(PACKET, 1091);
  expect([0, 1, 2, 3].map((packet) => clock.at(packet * PACKET))).toEqual([
    { time: 48_000, isFirst: true },
    { time: 48_960, isFirst: false },
    { time: 49_920, isFirst: false },
    { time: 50_880, isFirst: false },
  ]);
});

it('leaves a gap where the machine paused, also when the encoder is behind', () => {
  const clock = new SoundClock();
  clock.feed(PACKET, 1000);
  clock.feed(PACKET, 3000);
  clock.feed(PACKET, 3020);
  clock.feed(PACKET, 9000);
  expect(clock.at(0)).toEqual({ time: 48_000, isFirst: true });
  expect(clock.at(PACKET)).toEqual({ time: 144_000, isFirst: true });
  expect(clock.at(2 * PACKET)).toEqual({ time: 144_960, isFirst: false });
  expect(clock.at(3 * PACKET)).toEqual({ time: 432_000, isFirst: true });
});

it('tells how far it is before the clock', () => {
  const clock = new SoundClock();
  expect(clock.aheadMs(7)).toBe(0);
  clock.feed(PACKET, 1000);
  expect(clock.aheadMs(1005)).toBe(15);
  expect(clock.aheadMs(1050)).toBe(-30);
});

it('takes the time before the pause for a packet that reaches over it', () => {
  const clock = new SoundClock();
  clock.feed(PACKET + 100, 0);
  clock.feed(PACKET, 500);
  expect(clock.at(0).time).toBe(0);
  expect(clock.at(PACKET)).toEqual({ time: PACKET, isFirst: false });
  expect(clock.at(2 * PACKET)).toEqual({ time: 24_000 - 100 - PACKET + 2 * PACKET, isFirst: true });
});
