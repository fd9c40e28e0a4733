import { hasEdidHeader } from './edid.ts';
import { EdidError } from './edid-error.ts';

const LINE_BYTES = 16;
/** With one extension: what HDMI capture chips and the PiKVM Switch keep. */
const MAX_BYTES = 256;

/** The bytes of an EDID file: the EDID itself, or its text in hexadecimal with blanks and line ends. */
export function readEdidFile(file: Uint8Array): Uint8Array {
  if (hasEdidHeader(file)) return Uint8Array.from(file.subarray(0, MAX_BYTES));
  const text = new TextDecoder('latin1').decode(file).replaceAll(/\s/g, '');
  if (!/^([\da-f]{256}|[\da-f]{512})$/i.test(text)) {
    throw new EdidError('It holds neither the bytes of an EDID nor 256 or 512 hexadecimal digits');
  }
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** An EDID as PiKVM writes it: 16 bytes in capital digits a line. */
export function edidText(edid: Uint8Array): string {
  const digits = Array.from(edid, (byte) => byte.toString(16).padStart(2, '0').toUpperCase());
  const lines: string[] = [];
  for (let at = 0; at < digits.length; at += LINE_BYTES) {
    lines.push(`${digits.slice(at, at + LINE_BYTES).join('')}\n`);
  }
  return lines.join('');
}
