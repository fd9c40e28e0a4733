import { crc16 } from '../crc16.ts';

/** A colour: parts and brightness 0..255; blinking in ms, 0 for steady. */
export interface LightColor {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  readonly brightness: number;
  readonly blink_ms: number;
}

/** Six bytes a colour (DEVICES.md 8.4): red, green, blue, brightness, blink u16le. */
const COLOR_BYTES = 6;

/** The colours of all roles in the order of the Switch, as it takes them. */
export function packColors(colors: readonly LightColor[]): Uint8Array {
  return Uint8Array.from(
    colors.flatMap(({ red, green, blue, brightness, blink_ms }) => [
      ...[red, green, blue, brightness],
      ...[blink_ms & 0xff, blink_ms >> 8],
    ]),
  );
}

/** What a light's CRC is when it has these packed colours. */
export function colorsCrc(packed: Uint8Array): number {
  const crcs: number[] = [];
  for (let at = 0; at < packed.length; at += COLOR_BYTES) {
    const crc = crc16(packed.subarray(at, at + COLOR_BYTES));
    crcs.push(crc & 0xff, crc >> 8);
  }
  return crc16(Uint8Array.from(crcs));
}
