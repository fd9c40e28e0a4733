import { fileURLToPath } from 'node:url';
import { HOST } from './board.ts';
import type { LabMachine } from './lab-machine.ts';

const ASK = fileURLToPath(new URL('../guest/os-descriptors.mjs', import.meta.url));

/** By what Windows finds its own driver for an interface. */
export interface CompatibleId {
  readonly interface: number;
  readonly id: string;
  readonly subId: string;
}

/**
 * What the gadget answers to Windows's first questions (Microsoft OS descriptors 1.0): its signature, and
 * the interface with a driver of Windows's own. Undefined: it has nothing to tell.
 */
export async function osDescriptors(machine: LabMachine) {
  const number = async (name: string) => (await machine.text(`${HOST}/${name}`)).padStart(3, '0');
  const device = `/dev/bus/usb/${await number('busnum')}/${await number('devnum')}`;
  const { out } = await machine.run([process.execPath, ASK, device]);
  const [string, compatible] = (JSON.parse(out.toString()) as (string | null)[]).map((hex) =>
    hex === null ? undefined : Buffer.from(hex, 'hex'),
  );
  if (!string) return undefined;
  return {
    signature: string.toString('utf16le', 2, 16),
    functions: compatible && idsOf(compatible),
  };
}

/**
 *      0        4            6         8       9           16
 *     | length | version 1.0 | index 4 | count | reserved 7 | sections of 24 bytes:
 *     | first interface | reserved | compatible ID 8 | sub-compatible ID 8 | reserved 6 |
 */
function idsOf(bytes: Buffer): readonly CompatibleId[] {
  return Array.from({ length: bytes.readUInt8(8) }, (_, index) => {
    const section = bytes.subarray(16 + index * 24, 40 + index * 24);
    const text = (start: number) =>
      section.toString('latin1', start, start + 8).replace(/\0+$/, '');
    return { interface: section.readUInt8(0), id: text(2), subId: text(10) };
  });
}
