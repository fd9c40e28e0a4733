import { expect, it } from 'vitest';
import { FakeGpioKernel } from '../../../test/fakes/fake-gpio-kernel.ts';
import { FakeSpiBridge } from '../../../test/fakes/fake-spi-bridge.ts';
import { see, serialRig } from '../../../test/support/serial-rig.ts';
import { until } from '../../core/state.ts';
import type { SerialHid } from './serial-hid.ts';
import { createSpiBridge, type SpiBridgeOptions } from './spi-bridge.ts';

const CLEAR = '1000000000';
const A_DOWN = '1101010000';
const A_UP = '1101000000';
const PIN = 7;

const OPTIONS: SpiBridgeOptions = {
  ...{ bus: 0, chip: 1, hw_cs: false, sw_cs_pin: -1, sw_cs_per_byte: false },
  ...{ max_freq: 100_000, block_usec: 1, read_timeout: 5, gpio_device: '/dev/gpiochip0' },
  ...{ reset_pin: -1, reset_inverted: false, reset_delay: 0.01, reset_self: false },
  ...{ power_detect_pin: -1, power_detect_pull_down: false },
  ...{ read_retries: 3, common_retries: 3, retries_delay: 0.01, errors_threshold: 0, noop: false },
};

function rig(options: Partial<SpiBridgeOptions> = {}) {
  const gpio = new FakeGpioKernel();
  const bus: { fake?: FakeSpiBridge } = {};
  const all = serialRig(FakeSpiBridge, (_device, context) =>
    createSpiBridge(
      { ...OPTIONS, ...options },
      {
        ...context,
        system: {
          gpio,
          openSpi: async (path) => {
            expect(path).toBe('/dev/spidev0.1');
            if (!bus.fake) throw Object.assign(new Error('open'), { code: 'ENOENT' });
            return await bus.fake.open(path);
          },
        },
      },
    ),
  );
  bus.fake = all.fake;
  return { ...all, gpio };
}

/** The driver with its device at the bus, which has let everything go. */
async function pluggedIn(options: Partial<SpiBridgeOptions> = {}) {
  const all = rig(options);
  if ((options.sw_cs_pin ?? -1) > 0) {
    all.fake.isSelected = () => all.gpio.lines.get(PIN) === false;
  }
  all.fake.plug();
  await isOnline(all.hid);
  await see(() => expect(all.fake.requests).toEqual([CLEAR]));
  await all.hid.drained(0);
  all.fake.requests.length = 0;
  return all;
}

const isOnline = (hid: SerialHid) => until(hid.state, ({ keyboard }) => keyboard.online);

it('sends 200 keys in order, and none is lost', async () => {
  const { fake, hid } = await pluggedIn();
  for (let count = 0; count < 200; count += 1) {
    hid.key('KeyA', true);
    hid.key('KeyA', false);
  }
  await hid.drained(0);
  expect(fake.requests).toEqual(Array(200).fill([A_DOWN, A_UP]).flat());
});

it('tells the bus its mode, rate and pause, and leaves the chip select alone', async () => {
  const { fake, gpio } = await pluggedIn({ max_freq: 250_000, block_usec: 20 });
  expect(fake).toMatchObject({ mode: 0x40, bits: 8, speed: 250_000, delayUs: 20 });
  expect(gpio.writes).toEqual([]);
});

it('lets the controller select where it is told to', async () => {
  const { fake } = await pluggedIn({ hw_cs: true });
  expect(fake.mode).toBe(0);
});

it('selects the chip by a line around each block', async () => {
  const { fake, gpio, hid } = await pluggedIn({ sw_cs_pin: PIN });
  hid.key('KeyA', true);
  await hid.drained(0);
  expect(fake.requests).toEqual([A_DOWN]);
  expect(fake.lengths).toContain(10);
  expect(gpio.directionOf(PIN)).toBe('output');
  const levels = gpio.writes.filter(([line]) => line === PIN).map(([, level]) => level);
  expect(levels.slice(0, 4)).toEqual([true, false, true, false]);
});

it('selects the chip by a line around each byte', async () => {
  const { fake, hid } = await pluggedIn({ sw_cs_pin: PIN, sw_cs_per_byte: true });
  hid.key('KeyA', true);
  await hid.drained(0);
  expect(fake.requests).toEqual([A_DOWN]);
  expect([...fake.lengths]).toEqual([1]);
});

it('lets the line of the chip select go with the device', async () => {
  const { fake, gpio, hid } = await pluggedIn({ sw_cs_pin: PIN });
  fake.unplug();
  await until(hid.state, ({ online }) => !online);
  await see(() => expect(gpio.directionOf(PIN)).toBeUndefined());
});

it('does not take what is left of an old answer for the next one', async () => {
  const { fake, hid } = await pluggedIn();
  fake.out.push(...Array<number>(30).fill(0x34));
  hid.key('KeyA', true);
  await hid.drained(0);
  expect(fake.requests).toEqual([A_DOWN]);
  expect(fake.repeats).toBe(0);
});

it('waits for a slow device', async () => {
  const { fake, hid } = await pluggedIn();
  fake.lag = 500;
  hid.key('KeyA', true);
  await hid.drained(0);
  expect(fake.requests).toEqual([A_DOWN]);
});

it('asks again for an answer that is garbled, so that nothing is done twice', async () => {
  const { fake, hid } = await pluggedIn();
  Object.assign(fake, { mood: 'garbage', moodLasts: 1 });
  hid.key('KeyA', true);
  hid.key('KeyA', false);
  await hid.drained(0);
  expect(fake.repeats).toBe(1);
  expect(fake.requests).toEqual([A_DOWN, A_UP]);
});

it('is offline while the device stays silent, says what to do, and begins with a release', async () => {
  const { fake, hid, log } = await pluggedIn({ read_timeout: 0.1, read_retries: 2 });
  fake.mood = 'silent';
  await until(hid.state, ({ online }) => !online);
  await see(() => expect(log.messages.join()).toContain('check the wires, hid.sw_cs_pin'));
  fake.requests.length = 0;
  fake.mood = 'helpful';
  await isOnline(hid);
  await hid.drained(0);
  expect(new Set(fake.requests)).toEqual(new Set([CLEAR]));
});

it('survives a device that never stops talking', async () => {
  const { fake, hid } = await pluggedIn({ read_timeout: 0.1, read_retries: 2 });
  const endless = setInterval(() => fake.out.push(...Array<number>(5000).fill(0x55)), 1);
  await until(hid.state, ({ online }) => !online);
  clearInterval(endless);
  fake.out.length = 0;
  await isOnline(hid);
});

it('says what to do without a device, and finds it when it comes', async () => {
  const { fake, hid, log } = rig();
  await see(() => expect(log.messages.join()).toContain('dtparam=spi=on'));
  fake.plug();
  await isOnline(hid);
});
