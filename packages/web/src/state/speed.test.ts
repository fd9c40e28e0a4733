import { describe, expect, it } from 'vitest';
import { SpeedMeter, secondsLeft } from './speed.ts';

describe('SpeedMeter', () => {
  it('tells nothing before there is enough', () => {
    const meter = new SpeedMeter();
    expect(meter.speed).toBeUndefined();
    meter.note(0, 0);
    expect(meter.speed).toBeUndefined();
    meter.note(500, 500);
    expect(meter.speed).toBeUndefined();
    meter.note(1_000, 1_000);
    expect(meter.speed).toBe(1_000);
  });

  it('follows a change and forgets what is long ago', () => {
    const meter = new SpeedMeter();
    for (let s = 0; s <= 20; s += 1) meter.note(s * 1_000, s * 1_000);
    for (let s = 1; s <= 6; s += 1) meter.note(20_000 + s * 10, 20_000 + s * 1_000);
    expect(meter.speed).toBeLessThan(200);
  });

  it('falls to nothing while nothing comes', () => {
    const meter = new SpeedMeter();
    meter.note(0, 0);
    meter.note(1_000, 1_000);
    for (let s = 2; s <= 12; s += 1) meter.note(1_000, s * 1_000);
    expect(meter.speed).toBe(0);
  });
});

describe('the time left', () => {
  it('is known with an end and a speed only', () => {
    expect(secondsLeft(250, 1_000, 250)).toBe(3);
    expect(secondsLeft(1_200, 1_000, 250)).toBe(0);
    expect(secondsLeft(0, undefined, 250)).toBeUndefined();
    expect(secondsLeft(0, 1_000, undefined)).toBeUndefined();
    expect(secondsLeft(0, 1_000, 0)).toBeUndefined();
  });
});
