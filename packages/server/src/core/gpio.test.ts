import { gpioState } from '@crashcart/api';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeGpioDriver, fakeGpio } from '../../test/fakes/fake-gpio-driver.ts';
import type { GpioChannel, GpioInputChannel } from './gpio.ts';
import type { GpioOutputChannel } from './gpio-output.ts';

const PULSE = { delayMs: 100, minDelayMs: 100, maxDelayMs: 500 };
const output = (given: Partial<GpioOutputChannel> = {}): GpioChannel => ({
  ...{ mode: 'output', driver: 'd', pin: '1', inverted: false },
  ...{ switch: true, pulse: PULSE, busyDelayMs: 200 },
  ...given,
});
const input = (given: Partial<GpioInputChannel> = {}): GpioChannel => ({
  ...{ mode: 'input', driver: 'd', pin: '2', inverted: false },
  ...given,
});

function rig(channels: Readonly<Record<string, GpioChannel>>, driver = new FakeGpioDriver()) {
  const gpio = fakeGpio({
    drivers: new Map([['d', driver]]),
    channels: new Map(Object.entries(channels)),
  });
  return { driver, gpio };
}

vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number, _value: unknown, { signal }: { signal?: AbortSignal } = {}) =>
    new Promise<void>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    }),
}));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the state', () => {
  test('tells inputs and outputs, inverted where they are', () => {
    const driver = new FakeGpioDriver({ 1: true, 2: true });
    const { gpio } = rig({ a: output({ inverted: true }), b: input() }, driver);
    expect(gpio.state.value.state).toEqual({
      inputs: { b: { online: true, state: true } },
      outputs: { a: { online: true, state: false, busy: false } },
    });
    driver.input('2', false);
    expect(gpio.state.value.state.inputs.b?.state).toBe(false);
    expect(gpioState.parse(gpio.state.value)).toEqual(gpio.state.value);
  });

  test('says offline for a pin that is gone, also an inverted one, and that it is back', () => {
    const { gpio, driver } = rig({ b: input({ inverted: true }) });
    expect(gpio.state.value.state.inputs.b).toEqual({ online: false, state: false });
    driver.input('2', false);
    expect(gpio.state.value.state.inputs.b).toEqual({ online: true, state: true });
  });

  test('does not list constants, which can be neither switched nor pulsed', async () => {
    const { gpio } = rig({ c: output({ switch: false, pulse: undefined }) });
    expect(gpio.state.value.state.outputs).toEqual({});
    expect(gpio.state.value.model.scheme.outputs).toEqual({});
    await expect(gpio.switch('c', true, true)).rejects.toThrow('does not support switching');
    await expect(gpio.pulse('c', 0, true)).rejects.toThrow('does not support pulsing');
  });

  test('tells delays in s, the default within its limits, none where there is no pulse', () => {
    const { gpio } = rig({
      a: output({ pulse: { delayMs: 50, minDelayMs: 100, maxDelayMs: 2500 } }),
      b: output({ pulse: undefined }),
    });
    const { outputs } = gpio.state.value.model.scheme;
    expect(outputs.a?.pulse).toEqual({ delay: 0.1, min_delay: 0.1, max_delay: 2.5 });
    expect(outputs.b?.pulse).toEqual({ delay: 0, min_delay: 0, max_delay: 0 });
  });
});

describe('acts', () => {
  test('are refused for inputs and unknown channels', async () => {
    const { gpio } = rig({ b: input() });
    for (const name of ['b', 'nope', '__proto__', 'toString']) {
      await expect(gpio.switch(name, true, false)).rejects.toThrow('GPIO channel is not found');
      await expect(gpio.pulse(name, 0, false)).rejects.toThrow('GPIO channel is not found');
    }
  });

  test('keep the channel busy for the busy delay, and another one meanwhile is refused', async () => {
    const { gpio, driver } = rig({ a: output() }, new FakeGpioDriver({ 1: false }));
    const seen: unknown[] = [];
    gpio.state.subscribe(({ state }) => seen.push(state.outputs.a));
    await gpio.switch('a', true, false);
    expect(driver.writes).toEqual([['1', true]]);
    await expect(gpio.pulse('a', 0, true)).rejects.toMatchObject({
      name: 'GpioChannelIsBusyError',
    });
    await vi.advanceTimersByTimeAsync(199);
    await expect(gpio.switch('a', false, false)).rejects.toThrow('try again later');
    await vi.advanceTimersByTimeAsync(1);
    expect(seen).toEqual([
      { online: true, state: false, busy: true },
      { online: true, state: true, busy: false },
    ]);
    await gpio.switch('a', false, false);
    await vi.advanceTimersByTimeAsync(200);
    expect(gpio.state.value.state.outputs.a?.state).toBe(false);
  });

  test.each([
    [0, 100],
    [0.3, 300],
    [0.01, 100],
    [60, 500],
  ])('a pulse of %d s lasts %d ms and writes both levels', async (delayS, ms) => {
    const { gpio, driver } = rig({ a: output({ inverted: true, switch: false }) });
    let over = false;
    const done = gpio.pulse('a', delayS, true).then(() => {
      over = true;
    });
    await vi.advanceTimersByTimeAsync(ms - 1);
    expect(driver.writes).toEqual([['1', false]]);
    await vi.advanceTimersByTimeAsync(1);
    expect(driver.writes).toEqual([
      ['1', false],
      ['1', true],
    ]);
    await vi.advanceTimersByTimeAsync(199);
    expect(over).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await done;
  });

  test('tell the offline driver by name when waited for, else it is only logged', async () => {
    const { gpio, driver } = rig({ a: output() });
    driver.failure = new Error('EIO');
    const offline = { name: 'GpioDriverOfflineError', message: 'GPIO driver d is offline' };
    await expect(gpio.switch('a', true, true)).rejects.toMatchObject(offline);
    await expect(gpio.pulse('a', 0, true)).rejects.toMatchObject(offline);
    await gpio.switch('a', true, false);
    driver.failure = undefined;
    await vi.waitFor(() => expect(gpio.state.value.state.outputs.a?.busy).toBe(false));
  });

  test('closing ends a pulse early and lets the line go', async () => {
    const { gpio, driver } = rig({ a: output() });
    const pulse = gpio.pulse('a', 0.5, true);
    pulse.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(10);
    await gpio.close();
    await expect(pulse).rejects.toMatchObject({ name: 'UnavailableError' });
    expect(driver.writes.at(-1)).toEqual(['1', false]);
    await expect(gpio.switch('a', true, true)).rejects.toMatchObject({ name: 'UnavailableError' });
  });
});
