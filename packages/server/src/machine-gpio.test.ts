import { expect, test } from 'vitest';
import { FakeGpioKernel } from '../test/fakes/fake-gpio-kernel.ts';
import { eventually } from '../test/support/gpio-context.ts';
import { gpio as gpioSchema } from './config/gpio.ts';
import { Gpio } from './core/gpio.ts';
import { silentLog } from './core/log.ts';
import { createGpioDrivers, gpioOptionsOf } from './machine-gpio.ts';

async function start(section: object) {
  const kernel = new FakeGpioKernel();
  const config = gpioSchema.parse(section);
  const drivers = await createGpioDrivers(config, silentLog, { system: { gpio: kernel } });
  const gpio = new Gpio({ drivers, log: silentLog, ...gpioOptionsOf(config) });
  const close = async () => {
    await gpio.close();
    for (const driver of drivers.values()) await driver[Symbol.asyncDispose]();
  };
  return { kernel, gpio, drivers, [Symbol.asyncDispose]: close };
}

test('outputs start with their level, inverted ones with the other; constants, too', async () => {
  await using rig = await start({
    scheme: {
      a: { pin: 1, mode: 'output', initial: true },
      b: { pin: 2, mode: 'output', initial: true, inverted: true },
      c: { pin: 3, mode: 'output', inverted: true },
      d: { pin: 4, mode: 'output', initial: null, inverted: true },
      e: { pin: 5, mode: 'output', initial: true, switch: false, pulse: false },
    },
  });
  await eventually(() => expect(rig.kernel.lines.size).toBe(5));
  expect(Object.fromEntries(rig.kernel.lines)).toEqual({
    ...{ 1: true, 2: false, 3: true, 4: false, 5: true },
  });
  await eventually(() => {
    expect(rig.gpio.state.value.state.outputs).toEqual({
      a: { online: true, state: true, busy: false },
      b: { online: true, state: true, busy: false },
      c: { online: true, state: false, busy: false },
      d: { online: true, state: true, busy: false },
    });
  });
});

test('an inverted output is switched and pulsed the other way round', async () => {
  await using rig = await start({
    scheme: { a: { pin: 1, mode: 'output', inverted: true, busy_delay: 0.1 } },
  });
  await eventually(() => expect(rig.kernel.lines.get(1)).toBe(true));
  await rig.gpio.switch('a', true, true);
  expect(rig.kernel.lines.get(1)).toBe(false);
  await rig.gpio.pulse('a', 0, true);
  expect(rig.kernel.writes.map(([, level]) => level)).toEqual([true, false, false, true]);
});

test('drivers that no channel uses are not even loaded', async () => {
  await using rig = await start({
    drivers: { x: { type: 'noop' }, y: { type: 'noop' } },
    scheme: { a: { driver: 'y', pin: 'z', mode: 'input' } },
  });
  expect([...rig.drivers.keys()]).toEqual(['y']);
  expect(rig.gpio.state.value.state.inputs).toEqual({ a: { online: true, state: false } });
});
