import type { LabMachine } from './lab-machine.ts';
import { soon } from './soon.ts';

/** Of the first drive, behind keyboard and mice. */
const INTERFACE = '1-1:1.3';

/**
 * The block device that the drive of the gadget is on the machine's side, as it is named now: a disk (sd)
 * or a CD-ROM (sr) where it matters.
 */
export function driveDevice(machine: LabMachine, kind: 'sd' | 'sr' | 's' = 's'): Promise<string> {
  return soon(async () => {
    // The kernel tells of a device before it has made its node.
    const script =
      'for dev in /sys/block/s[dr]*; do [ -b /dev/$(basename $dev) ] && readlink -f $dev; done; true';
    const { out } = await machine.run(['sh', '-c', script]);
    const path = out
      .toString()
      .split('\n')
      .find((each) => each.includes(`/${INTERFACE}/`) && each.includes(`/block/${kind}`));
    if (path === undefined) throw new Error(`No drive of the gadget among ${out}`);
    return `/dev/${path.split('/').at(-1)}`;
  });
}

/** What the machine reads of a block device, as its SHA-256 in hexadecimal. */
export async function diskHash(machine: LabMachine, device: string): Promise<string | undefined> {
  const { out } = await machine.run(['sha256sum', device]);
  return out.toString().split(' ')[0];
}
