import { z } from 'zod';
import type { Log } from '../core/log.ts';
import { type DriverPart, defineDriver } from './define.ts';

/** Options of a QEMU machine as the configuration has them. */
export const qemuOptions = z.strictObject({
  memory: z.int().min(64).max(1_048_576).default(1024).describe('MiB'),
  cpus: z.int().min(1).max(64).default(1),
  net: z.enum(['none', 'user']).default('none'),
  accel: z.enum(['auto', 'kvm', 'tcg']).default('auto'),
  disk: z.int().min(1).max(65_536).default(16).describe('GiB'),
  program: z.string().min(1).default('qemu-system-x86_64'),
  autostart: z.boolean().default(true),
});

/** All drivers; their code is loaded when one is created. */
export const DRIVERS = [
  defineDriver('machine', 'qemu', {
    options: qemuOptions,
    create: async (
      options,
      place: { readonly id: string; readonly stateDir: string },
      log: Log,
    ) => {
      const { startQemuMachine } = await import('./qemu/machine.ts');
      const { memory, accel, disk, ...same } = options;
      const diskBytes = disk * 2 ** 30;
      const chosen = accel === 'auto' ? {} : { accel };
      return startQemuMachine({ ...place, ...same, ...chosen, memoryMib: memory, diskBytes }, log);
    },
  }),
  defineDriver('hid', 'disabled', {
    options: z.strictObject({}),
    create: async () => new (await import('./disabled/hid.ts')).DisabledHid(),
  }),
  defineDriver('atx', 'disabled', {
    options: z.strictObject({}),
    create: async () => new (await import('./disabled/atx.ts')).DisabledAtx(),
  }),
] as const;

/** A driver of the registry. */
export type Driver = (typeof DRIVERS)[number];

/** The names that a part's `type` may have. */
export function driverTypes(part: DriverPart): string[] {
  return DRIVERS.filter((driver) => driver.part === part).map((driver) => driver.type);
}

/** Finds a driver; throws an error that lists the valid names. */
export function findDriver(part: DriverPart, type: string): Driver {
  const driver = DRIVERS.find((each) => each.part === part && each.type === type);
  if (driver) return driver;
  const known = driverTypes(part).join(', ') || 'none';
  throw new Error(`There is no ${part} driver "${type}"; there are: ${known}`);
}
