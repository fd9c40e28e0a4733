import { readdirSync, readlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MsdDriver, MsdMedium } from '../../src/core/msd-driver.ts';
import { until } from '../../src/core/state.ts';
import type { QemuMachine } from '../../src/drivers/qemu/machine.ts';

/** An image as a CD-ROM. */
export const cdrom = (source: string): MsdMedium => ({ source, cdrom: true, rw: false });

/** An image as a flash drive. */
export const flash = (source: string, rw: boolean): MsdMedium => ({ source, cdrom: false, rw });

/** What the machine has in its drive. */
export const content = (msd: MsdDriver): MsdMedium | undefined => msd.state.value.medium;

/** Writes an image of zeros, which take no room; its path. */
export function zeroImage(folder: string, name: string, bytes = 1 << 20): string {
  const path = join(folder, name);
  writeFileSync(path, '');
  truncateSync(path, bytes);
  return path;
}

/** Resolves when the drive can be used; rejects after 60 s. */
export async function untilOnline({ msd }: QemuMachine): Promise<void> {
  await until(msd.state, (state) => state.online, AbortSignal.timeout(60_000));
}

/** Whether QEMU has the file open; it may have been deleted. */
export function isOpen(machine: QemuMachine, path: string): boolean {
  const descriptors = `/proc/${machine.processId?.pid}/fd`;
  return readdirSync(descriptors).some((name) => {
    const target = readlinkSync(join(descriptors, name));
    return target === path || target === `${path} (deleted)`;
  });
}
