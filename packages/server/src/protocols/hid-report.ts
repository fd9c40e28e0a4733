/**
 * Reports of our USB gadget's keyboard and mice, without a report id (HID 1.11, appendix B):
 *
 *     keyboard        modifiers, 0, six usages
 *     absolute mouse  buttons, x u16le, y u16le, wheel i8 [, horizontal wheel i8]
 *     relative mouse  buttons, x i8, y i8, wheel i8 [, horizontal wheel i8]
 *     LEDs, from the host: one byte
 */

/** What a boot keyboard can hold down besides modifiers. */
export const KEYBOARD_SLOTS = 6;
/** Coordinates of an absolute mouse end here; Windows 7 takes no other range. */
const MAX_COORDINATE = 0x7fff;

/** Bits of the buttons; `up` is back, `down` forward. */
export const MOUSE_BUTTON_BITS = { left: 1, right: 2, middle: 4, up: 8, down: 16 } as const;

/** Lights of a keyboard. */
export interface KeyboardLeds {
  readonly caps: boolean;
  readonly scroll: boolean;
  readonly num: boolean;
}

/** The keyboard's report: a mask of modifiers and at most six usages, 0 for a free slot. */
export function encodeKeyboardReport(modifiers: number, usages: readonly number[]): Uint8Array {
  const report = new Uint8Array(2 + KEYBOARD_SLOTS);
  report[0] = modifiers;
  report.set(usages.slice(0, KEYBOARD_SLOTS), 2);
  return report;
}

/** The lights of an output report (usages 1 to 3 of the LED page). */
export function decodeKeyboardLeds(report: number): KeyboardLeds {
  const lit = (bit: number) => (report & bit) !== 0;
  return { num: lit(1), caps: lit(2), scroll: lit(4) };
}

/** What the report of a mouse says. */
export interface MouseReport {
  /** Mask of MOUSE_BUTTON_BITS. */
  readonly buttons: number;
  /** Absolute: 0..32767 (0..65534 for Windows 98). Relative: -127..127, as the wheels are. */
  readonly x: number;
  readonly y: number;
  readonly wheelX: number;
  readonly wheelY: number;
}

/** The report of a mouse, with or without the horizontal wheel. */
export function encodeMouseReport(
  kind: 'absolute' | 'relative',
  { buttons, x, y, wheelX, wheelY }: MouseReport,
  horizontalWheel: boolean,
): Uint8Array {
  const place = kind === 'absolute' ? [x & 0xff, x >> 8, y & 0xff, y >> 8] : [x, y];
  const wheels = horizontalWheel ? [wheelY, wheelX] : [wheelY];
  return Uint8Array.from([buttons, ...place, ...wheels], (value) => value & 0xff);
}

/** A coordinate of -32768..32767 in an absolute mouse's range. */
export function absoluteCoordinate(value: number): number {
  return Math.floor(((value + 32_768) * MAX_COORDINATE) / 65_535);
}
