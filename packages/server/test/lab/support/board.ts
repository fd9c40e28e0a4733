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

/** Takes the gadget from the machine and gives it back, as a cable that is pulled and put in. */
export async function replug(machine: LabMachine): Promise<void> {
  await unplug(machine);
  await plug(machine);
}

/** Pulls the cable. */
export async function unplug(machine: LabMachine): Promise<void> {
  await machine.write(`${GADGET}/UDC`, '\n');
}

/** Puts the cable in; resolves when the machine has taken the gadget. */
export async function plug(machine: LabMachine): Promise<void> {
  await machine.write(`${GADGET}/UDC`, UDC);
  await soon(async () => {
    expect(await machine.text(`/sys/class/udc/${UDC}/state`)).toBe('configured');
  });
}
