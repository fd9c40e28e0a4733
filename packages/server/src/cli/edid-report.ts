import { type EdidInfo, parseEdid } from '../protocols/edid.ts';
import { parseCea } from '../protocols/edid-cea.ts';
import { EdidError } from '../protocols/edid-error.ts';
import { decodeTiming, refreshHz } from '../protocols/edid-timing.ts';

const DESCRIPTORS = [54, 72, 90, 108];
const BLOCK_BYTES = 128;

/** An EDID for people, or as JSON. */
export function describeEdid(edid: Uint8Array, asJson: boolean): string {
  const info = parseEdid(edid);
  if (!info) throw new EdidError(`${edid.length} bytes are no EDID`);
  const modes = modesOf(edid);
  if (asJson) return `${JSON.stringify({ ...info, modes, bytes: edid.length }, undefined, 2)}\n`;
  return rowsOf(info, modes, edid.length)
    .map(([name, value]) => `${`${name}:`.padEnd(17)}${value}\n`)
    .join('');
}

function rowsOf(info: EdidInfo, [preferred = 'none', ...others]: readonly string[], bytes: number) {
  const hex = (value: number, digits: number) =>
    `0x${value.toString(16).toUpperCase().padStart(digits, '0')} (${value})`;
  return [
    ['Manufacturer ID', info.maker],
    ['Product ID', hex(info.product, 4)],
    ['Serial number', hex(info.serial, 8)],
    ['Monitor name', info.monitorName ?? '(none)'],
    ['Monitor serial', info.monitorSerial ?? '(none)'],
    ['Audio', info.audio ? 'yes' : 'no'],
    ['Preferred', preferred],
    ...(others.length === 0 ? [] : [['Others', others.join(', ')] as const]),
    ['Size', `${bytes} bytes`],
  ] as const;
}

/** Its detailed timings, the preferred one first. */
function modesOf(edid: Uint8Array): readonly string[] {
  const base = DESCRIPTORS.map((at) => edid.subarray(at, at + 18));
  const named = [...base, ...extraTimings(edid)].flatMap((bytes) => {
    const timing = decodeTiming(bytes);
    return timing ? `${timing.width}x${timing.height}@${Math.round(refreshHz(timing))}` : [];
  });
  return [...new Set(named)];
}

function extraTimings(edid: Uint8Array): readonly Uint8Array[] {
  try {
    return edid.length > BLOCK_BYTES ? parseCea(edid.subarray(BLOCK_BYTES)).timings : [];
  } catch (error) {
    // Another kind of extension, or a broken one, has none that we can tell.
    if (error instanceof EdidError) return [];
    throw error;
  }
}
