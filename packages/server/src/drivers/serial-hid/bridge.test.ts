import { expect, it } from 'vitest';
import { FakeGpioKernel } from '../../../test/fakes/fake-gpio-kernel.ts';
import { FakeHidBridge } from '../../../test/fakes/fake-hid-bridge.ts';
import { see, serialRig } from '../../../test/support/serial-rig.ts';
import { until } from '../../core/state.ts';
import { type BridgeOptions, createBridge } from './bridge.ts';
import type { SerialHid } from './serial-hid.ts';

const CLEAR = '1000000000';
const A_DOWN = '1101010000';
const A_UP = '1101000000';
const POWER = 16;
const NO_POWER = 'info The keyboard and mouse have no power';
const IMPATIENT = { read_timeout: 0.3, read_retries: 2 };

const OPTIONS: Omit<BridgeOptions, 'device'> = {
  speed: 115_200,
  ...{ read_timeout: 10, gpio_device: '/dev/gpiochip0', reset_pin: -1 },
  ...{ power_detect_pin: -1, power_detect_pull_down: false },
  ...{ reset_inverted: false, reset_delay: 0.01, reset_self: false, read_retries: 3 },
  ...{ common_retries: 3, retries_delay: 0.01, errors_threshold: 0, noop: false },
};

/** The chip whose outputs are wired to the bridge's reset. */
class ResetWire extends FakeGpioKernel {
  pulled: () => void = () => undefined;

  override ioctl(...call: Parameters<FakeGpioKernel['ioctl']>): void {
    super.ioctl(...call);
    this.pulled();
  }
}

function rig(options: Partial<BridgeOptions> = {}) {
  const gpio = new ResetWire();
  const all = serialRig(FakeHidBridge, (device, context) =>
    createBridge({ device, ...OPTIONS, ...options }, { ...context, system: { gpio } }),
  );
  gpio.pulled = () => all.fake.boot();
  return { ...all, gpio };
}

/** The driver with its device plugged in, which has let everything go. */
async function pluggedIn(options: Partial<BridgeOptions> = {}) {
  const all = rig(options);
  all.fake.plug();
  await isOnline(all.hid);
  await see(() => expect(all.fake.requests).toEqual([CLEAR]));
  await all.hid.drained(0);
  all.fake.requests.length = 0;
  return all;
}

const isOnline = (hid: SerialHid) => until(hid.state, ({ keyboard }) => keyboard.online);

it('sends 1,000 keys in order, and none is lost', async () => {
  const { fake, hid } = await pluggedIn();
  for (let count = 0; count < 1000; count += 1) {
    hid.key('KeyA', true);
    hid.key('KeyA', false);
  }
  await hid.drained(0);
  expect(fake.requests).toEqual(Array(1000).fill([A_DOWN, A_UP]).flat());
});

it('sends the mouse, and joins only moves that wait side by side', async () => {
  const { fake, hid } = await pluggedIn();
  hid.button('left', true);
  hid.move(1, 1);
  hid.move(32_767, -32_768);
  hid.button('left', false);
  hid.wheel(0, 1);
  hid.wheel(1, 0);
  await hid.drained(0);
  expect(fake.requests).toEqual([...['1388000000', '127fff8000', '1380000000', '1400010000']]);
});

it.each([0x40, 0x48])('sends again what the bridge could not read (%i)', async (code) => {
  const { fake, hid } = await pluggedIn();
  hid.key('KeyA', true);
  fake.nextCode = code;
  hid.key('KeyA', false);
  await hid.drained(0);
  expect(fake.requests).toEqual([A_DOWN, A_UP]);
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

it('finds the answer behind noise', async () => {
  const { fake, hid } = await pluggedIn();
  Object.assign(fake, { mood: 'noise', moodLasts: 2 });
  hid.key('KeyA', true);
  hid.key('KeyA', false);
  await hid.drained(0);
  expect(fake.repeats).toBe(0);
  expect(fake.requests).toEqual([A_DOWN, A_UP]);
});

it('gives up what the bridge does not know, and goes on', async () => {
  const { fake, hid, log } = await pluggedIn();
  fake.nextCode = 0x45;
  hid.key('KeyA', true);
  hid.key('KeyA', false);
  await see(() => expect(log.messages.join()).toContain('refuses a request: code 45'));
  await hid.drained(0);
  expect(fake.requests.at(-1)).toBe(A_UP);
});

it('drops what waits for a bridge that stays silent, and begins with a release', async () => {
  const { fake, hid, log } = await pluggedIn(IMPATIENT);
  fake.mood = 'silent';
  hid.key('KeyA', true);
  await until(hid.state, ({ online }) => !online);
  await see(() => expect(hid.ready).toBe(false));
  expect(hid.backlog).toBe(0);
  await see(() => expect(log.messages.join()).toContain('no right answer comes'));
  fake.requests.length = 0;
  fake.mood = 'helpful';
  await isOnline(hid);
  await hid.drained(0);
  expect(new Set(fake.requests)).toEqual(new Set([CLEAR]));
});

it('finds a bridge that is unplugged and plugged in again', async () => {
  const { fake, hid } = await pluggedIn();
  fake.unplug();
  await until(hid.state, ({ online }) => !online);
  fake.plug();
  await isOnline(hid);
  hid.key('KeyA', true);
  await hid.drained(0);
  expect(fake.requests).toEqual([CLEAR, A_DOWN]);
});

it('shows the lights and what is away', async () => {
  const { fake, hid } = await pluggedIn();
  for (const [flags, leds] of [
    [1, { caps: true, scroll: false, num: false }],
    [2, { caps: false, scroll: true, num: false }],
    [4, { caps: false, scroll: false, num: true }],
  ] as const) {
    fake.flags = flags;
    await see(() => expect(hid.state.value.keyboard.leds).toEqual(leds));
  }
  fake.flags = 0x10;
  await until(hid.state, ({ keyboard, mouse }) => keyboard.online && !mouse.online);
  fake.flags = 0x08;
  await until(hid.state, ({ keyboard, mouse }) => !keyboard.online && mouse.online);
  expect(hid.ready).toBe(false);
});

it('becomes another keyboard and mouse, and starts anew by its wire for each', async () => {
  const { fake, hid, gpio } = rig({ reset_pin: 4 });
  Object.assign(fake, { out1: 0x80 | 0x01 | 0x08, out2: 0x80 | 0x40 | 0x03 });
  fake.plug();
  await isOnline(hid);
  expect(gpio.writes).toEqual([
    [4, true],
    [4, false],
  ]);
  expect(hid.state.value).toMatchObject({
    connected: true,
    keyboard: { outputs: { available: ['usb', 'ps2', 'disabled'], active: 'usb' } },
    mouse: { outputs: { available: ['usb', 'usb_rel', 'ps2', 'disabled'], active: 'usb' } },
  });
  await hid.setKeyboardOutput('ps2');
  await hid.setMouseOutput('usb_rel');
  expect(hid.state.value.busy).toBe(true);
  await until(hid.state, ({ busy }) => !busy);
  expect(gpio.writes).toHaveLength(6);
  expect(hid.state.value).toMatchObject({
    keyboard: { outputs: { active: 'ps2' } },
    mouse: { absolute: false, outputs: { active: 'usb_rel' } },
  });
  hid.moveBy(10, -10);
  await hid.setConnected(false);
  await until(hid.state, ({ connected }) => connected === false);
  await hid.drained(0);
  expect(fake.requests).toContain('150af60000');
});

it('leaves a bridge that resets itself alone, and resets it on request', async () => {
  const { fake, hid, gpio } = await pluggedIn({
    reset_pin: 4,
    reset_inverted: true,
    reset_self: true,
  });
  fake.flags = 0x40;
  await until(hid.state, ({ busy }) => busy);
  fake.boot();
  await until(hid.state, ({ busy, online }) => online && !busy);
  expect(gpio.writes).toEqual([
    [4, false],
    [4, true],
  ]);
  await hid.reset();
  await see(() => expect(gpio.writes).toHaveLength(4));
});

it('goes on without its reset line, and says what to do', async () => {
  const { log } = await pluggedIn({ reset_pin: 4, gpio_device: '/dev/gpiochip9' });
  expect(log.messages.join()).toContain(
    'hid.reset_pin names its line, and -1 says that it has none',
  );
});

it('is offline without power, says so calmly, and drops what is asked of it', async () => {
  const { fake, hid, gpio, log } = rig({ power_detect_pin: POWER, power_detect_pull_down: true });
  fake.plug();
  await see(() => expect(gpio.directionOf(POWER)).toBe('input'));
  expect(gpio.pulledDown.has(POWER)).toBe(true);
  hid.key('KeyA', true);
  expect(hid.state.value).toMatchObject({ online: false, keyboard: { online: false } });
  expect([fake.pings, fake.requests]).toEqual([0, []]);
  gpio.input(POWER, true);
  await isOnline(hid);
  await see(() => expect(fake.requests).toEqual([CLEAR]));
  gpio.input(POWER, false);
  await until(hid.state, ({ online }) => !online);
  hid.key('KeyA', true);
  hid.key('KeyA', false);
  gpio.input(POWER, true);
  await isOnline(hid);
  await see(() => expect(fake.requests).toEqual([CLEAR, CLEAR]));
  await hid.drained(0);
  expect(fake.requests).toEqual([CLEAR, CLEAR]);
  const news = [NO_POWER, 'info The keyboard and mouse are back'];
  expect(log.messages).toEqual([...news, ...news]);
});

it('does not wait for the answer of a bridge that has lost its power', async () => {
  const { fake, hid, gpio, log } = rig({
    ...{ read_timeout: 0.1, read_retries: 1000, common_retries: 1000, power_detect_pin: POWER },
  });
  gpio.input(POWER, true);
  fake.plug();
  await isOnline(hid);
  fake.mood = 'silent';
  hid.key('KeyA', true);
  await until(hid.state, ({ online }) => !online);
  gpio.input(POWER, false);
  await see(() => expect(log.messages).toEqual([NO_POWER]));
});

it('goes on without the line of its power, and says what to do', async () => {
  const { log } = await pluggedIn({ power_detect_pin: POWER, gpio_device: '/dev/gpiochip9' });
  expect(log.messages.filter((line) => line.includes('hid.power_detect_pin'))).toEqual([
    expect.stringContaining('-1 says that it has none'),
  ]);
});

it('takes old firmware, which tells nothing', async () => {
  const { fake, hid } = rig();
  fake.isOld = true;
  fake.plug();
  await isOnline(hid);
  hid.key('KeyA', true);
  await hid.drained(0);
  expect(fake.requests).toEqual([CLEAR, A_DOWN]);
  expect(hid.state.value.mouse).toMatchObject({ absolute: true, outputs: { available: [] } });
});

it('holds errors back as long as it was told to', async () => {
  const { fake, hid, log } = await pluggedIn({ ...IMPATIENT, errors_threshold: 1000 });
  fake.mood = 'silent';
  await until(hid.state, ({ online }) => !online);
  const { pings } = fake;
  await see(() => expect(fake.pings).toBeGreaterThan(pings + 2));
  expect(hid.ready).toBe(false);
  expect(log.messages).toEqual([]);
});

it('pretends a bridge with noop, without any device', async () => {
  const { hid } = rig({ noop: true, reset_pin: 4 });
  await isOnline(hid);
  hid.key('KeyA', true);
  await hid.drained(0);
  expect(hid.ready).toBe(true);
});

it('lets everything go when the server ends', async () => {
  const { fake, hid } = await pluggedIn();
  hid.key('KeyA', true);
  await hid[Symbol.asyncDispose]();
  expect(fake.requests.at(-1)).toBe(CLEAR);
});
