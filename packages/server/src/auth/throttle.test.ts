import { describe, expect, it } from 'vitest';
import { Throttle, ThrottledError } from './throttle.ts';

function rig(maxRecords?: number) {
  const clock = { ms: 0 };
  const throttle = new Throttle(() => clock.ms, maxRecords);
  const waitS = () => {
    try {
      throttle.check('admin', 'a');
      return 0;
    } catch (error) {
      if (!(error instanceof ThrottledError)) throw error;
      return error.retryAfterS;
    }
  };
  return { clock, throttle, waitS };
}

describe('Throttle', () => {
  it('doubles the delay after the 5th failure up to 60 s', () => {
    const { clock, throttle, waitS } = rig();
    const waits: number[] = [];
    for (let i = 0; i < 13; i++) {
      throttle.begin('admin', 'a').failed();
      waits.push(waitS());
      clock.ms += waitS() * 1000;
    }
    expect(waits).toEqual([0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('starts anew after a success', () => {
    const { throttle, waitS } = rig();
    for (let i = 0; i < 4; i++) throttle.begin('admin', 'a').failed();
    throttle.begin('admin', 'a').succeeded();
    throttle.begin('admin', 'a').failed();
    expect(waitS()).toBe(0);
  });

  it('counts a user at an address, not the others', () => {
    const { throttle } = rig();
    for (let i = 0; i < 5; i++) throttle.begin('admin', 'a').failed();
    expect(() => throttle.begin('admin', 'a')).toThrow('Forbidden');
    expect(() => throttle.begin('admin', 'b').cancelled()).not.toThrow();
    expect(() => throttle.begin('other', 'a').cancelled()).not.toThrow();
  });

  it('lets one at a time try while the last was wrong', () => {
    const { clock, throttle } = rig();
    for (let i = 0; i < 5; i++) throttle.begin('admin', 'a').failed();
    clock.ms += 1000;
    const attempt = throttle.begin('admin', 'a');
    expect(() => throttle.begin('admin', 'a')).toThrow(ThrottledError);
    attempt.cancelled();
    expect(() => throttle.begin('admin', 'a')).not.toThrow();
  });

  it('forgets after a quarter of an hour, and the oldest when there are too many', () => {
    const { clock, throttle, waitS } = rig(10);
    for (let i = 0; i < 4; i++) throttle.begin('admin', 'a').failed();
    clock.ms += 16 * 60_000;
    throttle.begin('admin', 'a').failed();
    expect(waitS()).toBe(0);
    for (let i = 0; i < 1000; i++) throttle.begin(`user${i}`, 'a').failed();
    expect(throttle.size).toBe(10);
  });
});
