import { describe, expect, test } from 'vitest';
import { BootKeyboard } from './boot-keyboard.ts';
import { keyboardDescriptor, mouseDescriptor } from './hid-descriptor.ts';
import { HidMouse } from './hid-mouse.ts';
import { keyCodes } from './keys.ts';

/** One field of a report, as a machine understands the descriptor. */
interface ParsedField {
  readonly kind: 'input' | 'output';
  readonly page: number;
  /** Of an array: the first one of its range. */
  readonly usage: number;
  readonly start: number;
  readonly bits: number;
  readonly min: number;
  readonly max: number;
  readonly flags: number;
}

interface Parsed {
  /** `application 1:6` and the like, outermost first. */
  readonly collections: readonly string[];
  readonly fields: readonly ParsedField[];
  readonly inputBits: number;
  readonly outputBits: number;
}

/** A reader of HID 1.11, 6.2.2, written for this test: it shares nothing with the descriptors. */
function parse(bytes: Uint8Array): Parsed {
  const globals = { page: 0, min: 0, max: 0, size: 0, count: 0 };
  let usages: number[] = [];
  let range: { min: number; max: number } = { min: 0, max: 0 };
  let depth = 0;
  const bits = { input: 0, output: 0 };
  const collections: string[] = [];
  const fields: ParsedField[] = [];
  const forget = () => {
    usages = [];
    range = { min: 0, max: 0 };
  };
  const main = (kind: 'input' | 'output', flags: number) => {
    for (let index = 0; index < globals.count; index += 1) {
      const { page, size, min, max } = globals;
      const usage = usages[index] ?? ((flags & 2) === 0 ? range.min : range.min + index);
      if (usages.length === 0 && usage > range.max) throw new Error('a field without a usage');
      if ((flags & 1) === 0) {
        fields.push({ kind, page, usage, start: bits[kind], bits: size, min, max, flags });
      }
      bits[kind] += size;
    }
    forget();
  };
  for (let at = 0; at < bytes.length; ) {
    const prefix = bytes[at] ?? 0;
    const size = [0, 1, 2, 4][prefix & 3] ?? 0;
    if (at + size >= bytes.length + (size === 0 ? 1 : 0)) throw new Error('cut off');
    const data = Buffer.from(bytes.subarray(at + 1, at + 1 + size));
    const value = size === 0 ? 0 : data.readUIntLE(0, size);
    const signed = size === 0 ? 0 : data.readIntLE(0, size);
    at += 1 + size;
    const tag = prefix & 0xfc;
    if (tag === 0x04) globals.page = value;
    else if (tag === 0x14) globals.min = signed;
    else if (tag === 0x24) globals.max = signed;
    else if (tag === 0x74) globals.size = value;
    else if (tag === 0x94) globals.count = value;
    else if (tag === 0x08) usages.push(value);
    else if (tag === 0x18) range = { ...range, min: value };
    else if (tag === 0x28) range = { ...range, max: value };
    else if (tag === 0x80) main('input', value);
    else if (tag === 0x90) main('output', value);
    else if (tag === 0xa0) {
      depth += 1;
      collections.push(`${['physical', 'application'][value]} ${globals.page}:${usages[0]}`);
      forget();
    } else if (tag === 0xc0) depth -= 1;
    else throw new Error(`item ${prefix.toString(16)} is none of ours`);
  }
  expect(depth).toBe(0);
  return { collections, fields, inputBits: bits.input, outputBits: bits.output };
}

/** What a machine reads out of a report: `page:usage` of what is not 0, an array's by its value. */
function read({ fields }: Parsed, report: Uint8Array): Record<string, number> {
  const bits = [...report].flatMap((byte) => [0, 1, 2, 3, 4, 5, 6, 7].map((n) => (byte >> n) & 1));
  const values: [string, number][] = [];
  for (const { kind, page, usage, start, bits: size, min, flags } of fields) {
    if (kind === 'output') continue;
    const raw = bits.slice(start, start + size).reduce((sum, bit, n) => sum + bit * 2 ** n, 0);
    const value = min < 0 && raw >= 2 ** (size - 1) ? raw - 2 ** size : raw;
    if ((flags & 2) === 0) values.push([`${page}:${value}`, 1]);
    else values.push([`${page}:${usage}`, value]);
  }
  return Object.fromEntries(values.filter(([name, value]) => value !== 0 && name !== '7:0'));
}

const last = (reports: readonly Uint8Array[]) => reports.at(-1) ?? new Uint8Array();

describe('the keyboard', () => {
  const { protocol, subclass, reportLength, reportDescriptor } = keyboardDescriptor();
  const parsed = parse(reportDescriptor);

  test('is a boot keyboard', () => {
    expect({ protocol, subclass }).toEqual({ protocol: 1, subclass: 1 });
    expect(parsed.collections).toEqual(['application 1:6']);
    expect([parsed.inputBits, parsed.outputBits]).toEqual([8 * reportLength, 8]);
    // Firmware that reads no descriptor expects exactly this (HID 1.11, B.1).
    const inputs = parsed.fields.filter(({ kind }) => kind === 'input');
    expect(inputs.slice(0, 8).map(({ usage, start }) => [usage, start])).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((bit) => [0xe0 + bit, bit]),
    );
    expect(inputs.slice(8).map(({ start, max }) => [start, max])).toEqual(
      [16, 24, 32, 40, 48, 56].map((start) => [start, 255]),
    );
  });

  test('has the lights of our output report', () => {
    const lights = parsed.fields.filter(({ kind }) => kind === 'output');
    expect(lights.map(({ page, usage, start }) => [page, usage, start])).toEqual(
      [1, 2, 3, 4, 5].map((usage) => [8, usage, usage - 1]),
    );
  });

  test('is understood in what BootKeyboard says', () => {
    const keyboard = new BootKeyboard();
    keyboard.event(keyCodes('ShiftLeft'), true);
    keyboard.event(keyCodes('KeyA'), true);
    const report = last(keyboard.event(keyCodes('Delete'), true));
    expect(report).toHaveLength(reportLength);
    expect(read(parsed, report)).toEqual({ '7:225': 1, '7:4': 1, '7:76': 1 });
    expect(read(parsed, keyboard.clear())).toEqual({});
  });
});

describe.each([
  { kind: 'absolute', horizontalWheel: true },
  { kind: 'absolute', horizontalWheel: false },
  { kind: 'relative', horizontalWheel: true },
  { kind: 'relative', horizontalWheel: false },
] as const)('the $kind mouse, horizontal wheel $horizontalWheel', (options) => {
  const { protocol, subclass, reportLength, reportDescriptor } = mouseDescriptor(options);
  const parsed = parse(reportDescriptor);
  const isAbsolute = options.kind === 'absolute';

  test('is a pointer within a mouse', () => {
    expect(parsed.collections).toEqual(['application 1:2', 'physical 1:1']);
    expect(parsed.inputBits).toBe(8 * reportLength);
    const boot = isAbsolute ? { protocol: 0, subclass: 0 } : { protocol: 2, subclass: 1 };
    expect({ protocol, subclass }).toEqual(boot);
  });

  test('has the ranges that HidMouse keeps to', () => {
    const ranges = parsed.fields
      .slice(8)
      .map(({ page, usage, min, max, flags }) => [`${page}:${usage}`, min, max, flags]);
    const place = isAbsolute ? [0, 0x7fff, 2] : [-127, 127, 6];
    expect(ranges).toEqual([
      ['1:48', ...place],
      ['1:49', ...place],
      ['1:56', -127, 127, 6],
      ...(options.horizontalWheel ? [['12:568', -127, 127, 6]] : []),
    ]);
  });

  test('is understood in what HidMouse says', () => {
    const mouse = new HidMouse(options);
    const report = last(mouse.button('down', true));
    expect(report).toHaveLength(reportLength);
    expect(read(parsed, report)).toEqual({ '9:5': 1 });
    mouse.clear();
    const pan = options.horizontalWheel ? { '12:568': 3 } : {};
    expect(read(parsed, mouse.wheel(3, -127))).toEqual({ '1:56': -127, ...pan });
    if (isAbsolute) {
      expect(read(parsed, mouse.move(32_767, 0))).toEqual({ '1:48': 32_767, '1:49': 16_383 });
    } else expect(read(parsed, mouse.moveBy(-127, 5))).toEqual({ '1:48': -127, '1:49': 5 });
  });
});
