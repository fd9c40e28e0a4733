import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GpioSim } from './support/gpio-sim.ts';
import { LabMachine } from './support/lab-machine.ts';
import type { LabServer } from './support/lab-server.ts';
import { newerGpiod, preferGpiod } from './support/newer-gpiod.ts';
import { soon } from './support/soon.ts';

const RELAY = 5;
const KEY = 3;
const none = { type: 'disabled' };
const pulse = { delay: 0.5, max_delay: 1 };
const CONFIG = {
  kvmd: {
    ...{ hid: none, msd: none, streamer: none, atx: none },
    gpio: {
      drivers: {
        board: { type: 'gpio', device: 'relays', backend: 'tools' },
        stick: { type: 'gpio', device: '/dev/lab-stick', backend: 'tools' },
      },
      scheme: {
        relay: { driver: 'board', pin: 'RELAY1', mode: 'output', initial: false },
        key: { driver: 'board', pin: KEY, mode: 'output', initial: null, switch: false, pulse },
        door: { driver: 'board', pin: 'DOOR', mode: 'input', debounce: 0 },
        lamp: { driver: 'stick', pin: 2, mode: 'input', debounce: 0 },
      },
    },
  },
};

let machine: LabMachine;
let board: GpioSim;
let stick: GpioSim;
let server: LabServer | undefined;
/** Why the newer programs are not to be had. */
let missing: string | undefined;
beforeAll(async () => {
  machine = await LabMachine.start({ gpio: true });
  board = await GpioSim.create(machine, {
    ...{ name: 'board', label: 'relays', lines: 8, names: { [RELAY]: 'RELAY1', 6: 'DOOR' } },
  });
  stick = await GpioSim.create(machine, { name: 'stick', label: 'stick', lines: 4, usb: true });
});
afterAll(() => machine?.[Symbol.asyncDispose]());

const lines = async () => (await machine.api.call('gpio')).state;

/** Debian 12 has 1.6; those of 13 come by an archive of packages, which may be out of reach. */
function download() {
  try {
    return newerGpiod();
  } catch (error) {
    missing = `Debian 13 is not to be had: ${error}`;
    return undefined;
  }
}

describe.each(['1.6', '2.2'])('libgpiod %s', (version) => {
  beforeAll(async () => {
    await server?.stop();
    const newer = version === '1.6' ? undefined : download();
    if (missing !== undefined) return;
    if (newer !== undefined) await preferGpiod(machine, newer);
    const { out } = await machine.run(['gpioset', '--version']);
    expect(out.toString()).toContain(`v${version}.`);
    server = await machine.serve(CONFIG);
    await soon(async () => {
      const { inputs, outputs } = await lines();
      expect([inputs.door?.online, outputs.relay?.online]).toEqual([true, true]);
    });
  });

  it('sees the edges of an input', async ({ skip }) => {
    skip(missing !== undefined, missing);
    for (const isOpen of [true, false, true]) {
      await board.pull(6, isOpen);
      await soon(async () => expect((await lines()).inputs.door?.state).toBe(isOpen));
    }
  });

  it('refuses a level that it could not hold without a gap', async ({ skip }) => {
    skip(missing !== undefined, missing);
    const switched = machine.api.call('gpioSwitch', { channel: 'relay', state: true, wait: true });
    await expect(switched).rejects.toThrow('would let go of line RELAY1 to change it');
    expect(await board.level(RELAY)).toBe(false);
  });

  it('pulses a line that nobody holds', async ({ skip }) => {
    skip(missing !== undefined, missing);
    await using watch = await board.watch(KEY);
    await machine.api.call('gpioPulse', { channel: 'key', wait: true });
    const pulseMs = await watch.pulseMs();
    expect(pulseMs).toBeGreaterThan(250);
    expect(pulseMs).toBeLessThan(5000);
  });

  it('finds the chip again that was taken away', async ({ skip }) => {
    skip(missing !== undefined, missing);
    await soon(async () => expect((await lines()).inputs.lamp?.online).toBe(true));
    await stick.unplug();
    await soon(async () => expect((await lines()).inputs.lamp?.online).toBe(false));
    await stick.plug();
    await stick.pull(2, true);
    await soon(async () => {
      expect((await lines()).inputs.lamp).toMatchObject({ online: true, state: true });
    });
  });
});
