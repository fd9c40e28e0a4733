import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { figure } from './support/figures.ts';
import { GpioSim } from './support/gpio-sim.ts';
import { LabMachine } from './support/lab-machine.ts';
import type { LabServer } from './support/lab-server.ts';
import { soon } from './support/soon.ts';

/** PiKVM's lines. */
const LINE = { powerLed: 24, hddLed: 22, power: 23, reset: 27 } as const;
const RELAY = 5;
const HELD = 2;
const none = { type: 'disabled' };

let machine: LabMachine;
let front: GpioSim;
let board: GpioSim;
let held: GpioSim;
let server: LabServer;
beforeAll(async () => {
  machine = await LabMachine.start({ gpio: true });
  front = await GpioSim.create(machine, {
    ...{ name: 'front', label: 'front-panel', lines: 32, usb: true },
  });
  board = await GpioSim.create(machine, {
    ...{ name: 'board', label: 'relays', lines: 8, names: { [RELAY]: 'RELAY1', 6: 'DOOR' } },
  });
  held = await GpioSim.create(machine, {
    ...{ name: 'held', label: 'held', lines: 4, hogs: { [HELD]: 'somebody' } },
  });
  server = await machine.serve(config());
  await soon(async () => expect((await gpio()).inputs.door?.online).toBe(true));
});
afterAll(() => machine?.[Symbol.asyncDispose]());

const config = () => ({
  kvmd: {
    ...{ hid: none, msd: none, streamer: none },
    atx: { type: 'gpio', device: front.device, long_click_delay: 1 },
    gpio: {
      drivers: {
        board: { type: 'gpio', device: board.device },
        held: { type: 'gpio', device: held.device },
      },
      scheme: {
        relay: { driver: 'board', pin: RELAY, mode: 'output', initial: false },
        held: { driver: 'held', pin: HELD, mode: 'input' },
        door: { driver: 'board', pin: 6, mode: 'input', debounce: 0 },
      },
    },
  },
});
const atx = () => machine.api.call('atx');
const gpio = async () => (await machine.api.call('gpio')).state;
const click = (button: 'power' | 'power_long' | 'reset') =>
  machine.api.call('atxClick', { button, wait: true });

describe('the front panel', () => {
  it.each([
    ['power', LINE.power, 100],
    ['reset', LINE.reset, 100],
    ['power_long', LINE.power, 1000],
  ] as const)('presses %s', async (button, line, ms) => {
    await using watch = await front.watch(line);
    await click(button);
    const pulseMs = await watch.pulseMs();
    figure(`pulse of ${button}, asked for ${ms} ms`, pulseMs, 'ms');
    // Who looks may come late on a busy box.
    expect(pulseMs).toBeGreaterThan(ms / 2);
    expect(pulseMs).toBeLessThan(ms + 800);
    expect(await front.level(line)).toBe(false);
  });

  it('sees the LEDs', async () => {
    for (const [name, line] of [
      ['power', LINE.powerLed],
      ['hdd', LINE.hddLed],
    ] as const) {
      for (const isLit of [true, false]) {
        await front.pull(line, isLit);
        await soon(async () => expect((await atx()).leds).toMatchObject({ [name]: isLit }));
      }
    }
  });
});

describe('user lines', () => {
  it('are driven and read', async () => {
    await machine.api.call('gpioSwitch', { channel: 'relay', state: true, wait: true });
    expect(await board.level(RELAY)).toBe(true);
    await machine.api.call('gpioSwitch', { channel: 'relay', state: false, wait: true });
    expect(await board.level(RELAY)).toBe(false);
    await board.pull(6, true);
    await soon(async () => expect((await gpio()).inputs.door?.state).toBe(true));
  });
});

describe('trouble', () => {
  it('a line that somebody has is told, and taken when it is free', async () => {
    expect((await gpio()).inputs.held).toMatchObject({ online: false });
    expect(await server.log()).toContain(`somebody has line ${HELD}`);
    await held.free(HELD);
    await soon(async () => expect((await gpio()).inputs.held?.online).toBe(true));
  });

  it('a chip that goes makes its buttons unavailable, and comes back', async () => {
    await front.pull(LINE.powerLed, true);
    await soon(async () => expect((await atx()).leds.power).toBe(true));
    await front.unplug();
    await soon(async () => expect((await atx()).leds.power).toBe(false));
    await expect(click('power')).rejects.toMatchObject({ name: 'UnavailableError' });
    await front.plug();
    await front.pull(LINE.powerLed, true);
    await soon(async () => expect((await atx()).leds.power).toBe(true));
    await click('power');
  });

  it('the server lets its lines go when it ends', async () => {
    await machine.run(['mount', '-t', 'debugfs', 'debug', '/sys/kernel/debug']);
    const consumers = () => machine.text('/sys/kernel/debug/gpio');
    expect(await consumers()).toContain('crashcart');
    expect(await server.stop()).toBe(0);
    expect(await consumers()).not.toContain('crashcart');
  });
});
