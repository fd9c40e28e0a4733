import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { LabMachine } from './lab-machine.ts';
import { soon } from './soon.ts';

const CROSS = fileURLToPath(new URL('../guest/cross-serial.mjs', import.meta.url));
const BYTES = 64 << 10;

/** Passes 64 KiB from one serial port to another, and others back at the same time. */
export async function crossSerial(machine: LabMachine, one: string, other: string): Promise<void> {
  for (const path of [one, other]) await soon(() => machine.run(['test', '-c', path]));
  const input = randomBytes(2 * BYTES);
  const { out } = await machine.run([process.execPath, CROSS, one, other], { input });
  expect(out.equals(input), `${out.length} of ${input.length} bytes came, or others`).toBe(true);
}
