import type { HidMouseOptions } from './hid-mouse.ts';
import { KEYBOARD_SLOTS } from './hid-report.ts';

/**
 * Report descriptors of our keyboards and mice: what tells a machine where in the reports of
 * `hid-report.ts` everything is. Device Class Definition for HID 1.11, 6.2.2 and appendix E; the
 * usages are those of HID Usage Tables 1.12.
 *
 * A short item (6.2.2.2) is one byte of prefix and 0, 1, 2 or 4 bytes of data, little-endian:
 *
 *     7..4 tag | 3..2 type (0 main, 1 global, 2 local) | 1..0 size
 *
 * Each field repeats the globals that it needs, though they would still hold: there are readers in
 * firmware that trip over less.
 */

const INPUT = 0x80;
const OUTPUT = 0x90;
const COLLECTION = 0xa0;
const END_COLLECTION = 0xc0;
const USAGE_PAGE = 0x04;
const LOGICAL_MINIMUM = 0x14;
const LOGICAL_MAXIMUM = 0x24;
const REPORT_SIZE = 0x74;
const REPORT_ID = 0x84;
const REPORT_COUNT = 0x94;
const USAGE = 0x08;
const USAGE_MINIMUM = 0x18;
const USAGE_MAXIMUM = 0x28;

/** Kinds of collections. */
const PHYSICAL = 0;
const APPLICATION = 1;

/** What a main item's data say; an array has none of the bits (6.2.2.5). */
const ARRAY = 0;
const CONSTANT = 1;
const ABSOLUTE = 2;
const RELATIVE = 6;

const DESKTOP = 0x01;
const KEY_CODES = 0x07;
const LEDS = 0x08;
const BUTTONS = 0x09;
const CONSUMER = 0x0c;

const POINTER = 0x01;
const MOUSE = 0x02;
const KEYBOARD = 0x06;
const X = 0x30;
const Y = 0x31;
const WHEEL = 0x38;
const AC_PAN = 0x238;

/** Usages of the key codes page. */
const LEFT_CONTROL = 0xe0;
const RIGHT_GUI = 0xe7;
const LAST_KEY = 0xff;
/** Num Lock to Kana; a boot keyboard has five lights. */
const LED_COUNT = 5;
const BUTTON_COUNT = 8;

/** What a HID function of a USB gadget is. */
export interface HidFunctionDescriptor {
  /** Interface protocol: 1 a boot keyboard, 2 a boot mouse, 0 neither (4.3). */
  readonly protocol: 0 | 1 | 2;
  /** 1: firmware can use it without reading the descriptor (4.2). */
  readonly subclass: 0 | 1;
  /** Bytes of an input report. */
  readonly reportLength: number;
  readonly reportDescriptor: Uint8Array;
}

/**
 * A boot keyboard with lights: reports of 8 bytes, output reports of one. With a report id, 1 to 255,
 * one more byte comes before each.
 */
export function keyboardDescriptor(reportId?: number): HidFunctionDescriptor {
  const reportDescriptor = collection(APPLICATION, DESKTOP, KEYBOARD, [
    ...idItem(reportId),
    ...field(INPUT, ABSOLUTE, {
      ...{ page: KEY_CODES, from: LEFT_CONTROL, to: RIGHT_GUI },
      ...{ min: 0, max: 1, bits: 1, count: RIGHT_GUI - LEFT_CONTROL + 1 },
    }),
    ...padding(INPUT, 8),
    ...field(OUTPUT, ABSOLUTE, {
      ...{ page: LEDS, from: 1, to: LED_COUNT, min: 0, max: 1, bits: 1, count: LED_COUNT },
    }),
    ...padding(OUTPUT, 8 - LED_COUNT),
    ...field(INPUT, ARRAY, {
      ...{ page: KEY_CODES, from: 0, to: LAST_KEY, min: 0, max: LAST_KEY },
      ...{ bits: 8, count: KEYBOARD_SLOTS },
    }),
  ]);
  return { protocol: 1, subclass: 1, reportLength: 2 + KEYBOARD_SLOTS, reportDescriptor };
}

/**
 * A mouse with eight buttons and one or two wheels. The relative one is a boot mouse, the absolute
 * one has no boot protocol: firmware would take its coordinates for steps. A report id as above.
 */
export function mouseDescriptor(
  { kind, horizontalWheel }: HidMouseOptions,
  reportId?: number,
): HidFunctionDescriptor {
  const pan = horizontalWheel ? steps(CONSUMER, [AC_PAN]) : [];
  const isAbsolute = kind === 'absolute';
  // The collection inside is what macOS Recovery looks for.
  const pointer = collection(PHYSICAL, undefined, POINTER, [
    ...field(INPUT, ABSOLUTE, {
      ...{ page: BUTTONS, from: 1, to: BUTTON_COUNT, min: 0, max: 1, bits: 1, count: BUTTON_COUNT },
    }),
    ...(isAbsolute
      ? [...coordinates(), ...steps(DESKTOP, [WHEEL])]
      : steps(DESKTOP, [X, Y, WHEEL])),
    ...pan,
  ]);
  const inside = [...idItem(reportId), ...pointer];
  const reportDescriptor = collection(APPLICATION, DESKTOP, MOUSE, inside);
  const reportLength = (isAbsolute ? 6 : 4) + (horizontalWheel ? 1 : 0);
  return isAbsolute
    ? { protocol: 0, subclass: 0, reportLength, reportDescriptor }
    : { protocol: 2, subclass: 1, reportLength, reportDescriptor };
}

function idItem(reportId: number | undefined): readonly number[] {
  return reportId === undefined ? [] : item(REPORT_ID, reportId);
}

/** Windows 7 takes no other range than 0..32767. */
function coordinates(): readonly number[] {
  const range = { min: 0, max: 0x7fff, bits: 16, count: 2 };
  return field(INPUT, ABSOLUTE, { page: DESKTOP, usages: [X, Y], ...range });
}

function steps(page: number, usages: readonly number[]): readonly number[] {
  return field(INPUT, RELATIVE, {
    ...{ page, usages, min: -127, max: 127, bits: 8, count: usages.length },
  });
}

type Usages =
  | { readonly usages: readonly number[] }
  | { readonly from: number; readonly to: number };

type Field = Usages & {
  readonly page: number;
  readonly min: number;
  readonly max: number;
  readonly bits: number;
  readonly count: number;
};

function field(tag: number, flags: number, given: Field): readonly number[] {
  return [
    ...item(USAGE_PAGE, given.page),
    ...('usages' in given
      ? given.usages.flatMap((usage) => item(USAGE, usage))
      : [...item(USAGE_MINIMUM, given.from), ...item(USAGE_MAXIMUM, given.to)]),
    ...[...signedItem(LOGICAL_MINIMUM, given.min), ...signedItem(LOGICAL_MAXIMUM, given.max)],
    ...[...item(REPORT_SIZE, given.bits), ...item(REPORT_COUNT, given.count)],
    ...item(tag, flags),
  ];
}

function padding(tag: number, bits: number): readonly number[] {
  return [...item(REPORT_SIZE, bits), ...item(REPORT_COUNT, 1), ...item(tag, CONSTANT)];
}

function collection(
  kind: number,
  page: number | undefined,
  usage: number,
  inside: Iterable<number>,
): Uint8Array {
  return Uint8Array.from([
    ...(page === undefined ? [] : item(USAGE_PAGE, page)),
    ...[...item(USAGE, usage), ...item(COLLECTION, kind), ...inside, END_COLLECTION],
  ]);
}

/** A value of 0 to 65535 in as few bytes as it needs; never none, which readers forget. */
function item(prefix: number, value: number): readonly number[] {
  return value <= 0xff ? [prefix | 1, value] : [prefix | 2, value & 0xff, value >> 8];
}

/** The same for what is read as a signed number, -32768 to 32767: its highest bit is the sign. */
function signedItem(prefix: number, value: number): readonly number[] {
  const isShort = value >= -0x80 && value <= 0x7f;
  return isShort ? [prefix | 1, value & 0xff] : [prefix | 2, value & 0xff, (value >> 8) & 0xff];
}
