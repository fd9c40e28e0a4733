import { describe, expect, it } from 'vitest';
import { Congestion } from './congestion.ts';
import { LAST_STEP, RateLimits } from './rate-limits.ts';

const params = { bitrate: 5000, gop: 0, desiredFps: 0 };

describe('limits of a stream', () => {
  it('lower the bitrate first and then the rate of pictures, by the worst network', () => {
    const limits = new RateLimits();
    expect(limits.apply(params)).toEqual(params);
    const [one, other] = [limits.join(), limits.join()];
    one.set(1);
    expect(limits.apply(params)).toEqual({ ...params, bitrate: 2500 });
    other.set(3);
    expect(limits.apply(params)).toEqual({ ...params, bitrate: 1250, desiredFps: 15 });
    expect(limits.apply({ ...params, desiredFps: 5 })).toMatchObject({ desiredFps: 5 });
    other.leave();
    expect(limits.apply(params)).toEqual({ ...params, bitrate: 2500 });
    one.leave();
    expect(limits.apply(params)).toEqual(params);
  });

  it('never make more of it than was asked for', () => {
    const limits = new RateLimits();
    limits.join().set(99);
    expect(limits.apply(params)).toEqual({ ...params, bitrate: 625, desiredFps: 5 });
    expect(limits.apply({ ...params, bitrate: 300 })).toMatchObject({ bitrate: 200 });
    expect(limits.apply({ ...params, bitrate: 25 })).toMatchObject({ bitrate: 25 });
  });
});

describe('congestion', () => {
  it('goes down with much loss, a step every 2 s, and stops at the last', () => {
    const congestion = new Congestion(0);
    const steps = Array.from({ length: 20 }, (_, second) => {
      congestion.lost(0.3, second * 1000);
      return congestion.step;
    });
    expect(steps.slice(0, 6)).toEqual([1, 1, 2, 2, 3, 3]);
    expect(steps.at(-1)).toBe(LAST_STEP);
  });

  it('comes back after a time without loss, later when that was too early', () => {
    const congestion = new Congestion(0);
    const calm = (fromMs: number) => {
      for (let nowMs = fromMs; nowMs < fromMs + 60_000; nowMs += 1000) {
        congestion.lost(0, nowMs);
        if (congestion.step === 0) return nowMs - fromMs;
      }
      return Number.POSITIVE_INFINITY;
    };
    congestion.lost(0.5, 0);
    const first = calm(0);
    expect(first).toBeLessThan(10_000);
    congestion.lost(0.5, 10_000);
    congestion.lost(0.5, 13_000);
    expect(congestion.step).toBe(2);
    expect(calm(13_000)).toBeGreaterThan(2 * first);
  });

  it('stays with a little loss', () => {
    const congestion = new Congestion(0);
    congestion.lost(0.5, 0);
    for (let second = 1; second < 100; second += 1) congestion.lost(0.05, second * 1000);
    expect(congestion.step).toBe(1);
  });

  it('believes an estimate only where more was sent', () => {
    const congestion = new Congestion(0);
    congestion.estimated(1000, 2000);
    expect(congestion.step).toBe(0);
    congestion.sent(500_000, 2500);
    congestion.estimated(1_500_000, 3500);
    expect(congestion.step).toBe(0);
    congestion.estimated(500_000, 3600);
    expect(congestion.step).toBe(1);
    congestion.lost(0.05, 6000);
    congestion.sent(500_000, 6100);
    congestion.estimated(1_000_000, 7100);
    expect(congestion.step).toBe(2);
  });
});
