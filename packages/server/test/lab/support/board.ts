import { expect } from 'vitest';
import type { LabMachine } from './lab-machine.ts';
import { soon } from './soon.ts';

/** Our gadget in the machine, and the device that the host side of its software bus sees. */
export const GADGET = '/sys/kernel/config/usb_gadget/kvmd';
export const HOST = '/sys/bus/usb/devices/1-1';

/** The software controller. */
export const UDC = 'dummy_udc.0';
const none = { type: 'disabled' };

/** A board with keyboard, mice and drive, and nothing else. */
export const BOARD = {
  kvmd: { hid: { type: 'otg' }, msd: { type: 'otg' }, atx: none, streamer: none },
  otg: { init_delay: 0.1 },
};

/** A board without keyboard, mice and drive, whose gadget has these functions alone. */
export function boardOf(devices: object, otg: object = {}) {
  const kvmd = { ...BOARD.kvmd, hid: none, msd: none };
  return { kvmd, otg: { ...BOARD.otg, ...otg, devices } };
}

/** Makes the gadget of a configuration; fails by what crashcart says. */
export async function startGadget(machine: LabMachine, config: object): Promise<void> {
  const { code, err } = await machine.loadedOtg(config, 'start');
  expect([code, err]).toEqual([0, '']);
}

/** Removes the gadget; resolves when the machine has seen it go. */
export async function stopGadget(machine: LabMachine): Promise<void> {
  const { code, err } = await machine.loadedOtg(BOARD, 'stop');
  expect([code, err]).toEqual([0, '']);
  await soon(async () => expect((await machine.tryRun(['test', '-e', HOST])).code).toBe(1));
}

/** Takes the gadget from the machine and gives it back, as a cable that is pulled and put in. */
export async function replug(machine: LabMachine): Promise<void> {
  await unplug(machine);
  await plug(machine);
}

/** Pulls the cable; resolves when the machine has let go of the gadget. */
export async function unplug(machine: LabMachine): Promise<void> {
  await machine.write(`${GADGET}/UDC`, '\n');
  await soon(async () => {
    expect((await machine.tryRun(['test', '-e', HOST])).code).toBe(1);
  });
}

/** Puts the cable in; resolves when the machine has taken the gadget. */
export async function plug(machine: LabMachine): Promise<void> {
  await machine.write(`${GADGET}/UDC`, UDC);
  await soon(async () => {
    expect(await machine.text(`/sys/class/udc/${UDC}/state`)).toBe('configured');
  });
}
