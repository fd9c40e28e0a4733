import { atx as atxSchema } from '../../src/config/front-panel.ts';
import { gpio as gpioSchema } from '../../src/config/gpio.ts';
import { Gpio } from '../../src/core/gpio.ts';
import type { Log } from '../../src/core/log.ts';
import { until } from '../../src/core/state.ts';
import { GpioAtx } from '../../src/drivers/linux/atx.ts';
import { createGpioDrivers, gpioOptionsOf } from '../../src/machine-gpio.ts';
import type { FakeGpioKernel } from '../fakes/fake-gpio-kernel.ts';

/** The user lines of reference.yaml: our drivers over a kernel that only pretends. */
export async function startGoldenGpio(kernel: FakeGpioKernel, log: Log) {
  const config = gpioSchema.parse(GPIO_CONFIG);
  const drivers = await createGpioDrivers(config, log, { system: { gpio: kernel } });
  const gpio = new Gpio({ drivers, log, ...gpioOptionsOf(config) });
  await until(gpio.state, ({ state }) => Object.values(state.inputs).every(({ online }) => online));
  return {
    gpio,
    async close() {
      await gpio.close();
      for (const driver of drivers.values()) await driver[Symbol.asyncDispose]();
    },
  };
}

/** Lines of the LEDs of the recorded front panel. */
export const GOLDEN_LEDS = [24, 22];

/** The front panel of reference.yaml, at the same kernel. */
export async function startGoldenAtx(kernel: FakeGpioKernel, log: Log): Promise<GpioAtx> {
  const config = atxSchema.parse({ type: 'gpio' });
  if (config.type !== 'gpio') throw new Error('another type');
  return new GpioAtx(config, { log, system: { gpio: kernel } });
}

const NO_PULSE = { pulse: { delay: 0 } };
const NO_SWITCH = { mode: 'output', switch: false };
const GPIO_CONFIG = {
  drivers: {
    __v4_locator__: { type: 'locator' },
    cmd1: { type: 'cmd', cmd: ['/bin/sleep', '5'] },
    cmd2: { type: 'cmd', cmd: ['/bin/ls', '-l'] },
  },
  scheme: {
    __v3_usb_breaker__: { pin: 5, mode: 'output', initial: true, ...NO_PULSE },
    __v4_locator__: { driver: '__v4_locator__', pin: 12, mode: 'output', ...NO_PULSE },
    __v4_const1__: { pin: 6, ...NO_SWITCH, pulse: false },
    led1: { pin: 19, mode: 'input' },
    led2: { pin: 16, mode: 'input' },
    button1: { pin: 26, ...NO_SWITCH },
    button2: { pin: 20, ...NO_SWITCH },
    cmd1: { driver: 'cmd1', pin: 0, ...NO_SWITCH },
    cmd2: { driver: 'cmd2', pin: 0, ...NO_SWITCH },
  },
  view: {
    header: { title: 'Switches' },
    table: [
      ['#Generic GPIO leds'],
      [],
      ['#Test 1:', 'led1', 'button1'],
      ['#Test 2:', 'led2', 'button2|confirm|Testing'],
      [],
      ['#HID Relays /dev/hidraw0'],
      [],
      ['#Relay #1:', 'relay1|confirm|Boop 0.1'],
      ['#Relay #2:', 'relay2|Boop 0.1'],
      [],
      ['#Commands'],
      ['#Cmd #1:', "cmd1|confirm|Run 'sleep 5'"],
      ['#Cmd #2:', "cmd2|Run 'ls -l'"],
    ],
  },
};
