import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeChipInfo,
  decodeEdges,
  decodeLineInfo,
  decodeValues,
  emptyChipInfo,
  encodeLineInfo,
  encodeLineRequest,
  encodeValues,
  GPIO_EVENT_BYTES,
  GPIO_IOCTL,
  requestedFd,
} from './gpio-uapi.ts';

/** The bytes that are not 0, by their offset; the offsets are those of linux/gpio.h. */
const filled = (bytes: Uint8Array) =>
  Object.fromEntries([...bytes.entries()].filter(([, byte]) => byte !== 0));

describe('struct gpio_v2_line_request', () => {
  it('asks for outputs with their levels', () => {
    const bytes = encodeLineRequest({
      ...{ offsets: [5, 0x1234], consumer: 'ab', outputs: [false, true] },
    });
    expect(bytes.length).toBe(592);
    expect(filled(bytes)).toEqual({
      // offsets[0], offsets[1], consumer
      ...{ 0: 5, 4: 0x34, 5: 0x12, 256: 97, 257: 98 },
      // config.flags, num_attrs; attrs[0]: id, values.bits, mask
      ...{ 288: 8, 296: 1, 320: 2, 328: 0b10, 336: 0b11 },
      // num_lines
      560: 2,
    });
  });

  it('asks for inputs with both edges', () => {
    const bytes = encodeLineRequest({ offsets: [7], consumer: '', edges: true });
    expect(filled(bytes)).toEqual({ 0: 7, 288: 4 + 16 + 32, 560: 1 });
  });

  it('asks for inputs that are pulled low', () => {
    const bytes = encodeLineRequest({ offsets: [7], consumer: '', pullsDown: true });
    expect(filled(bytes)).toEqual({ 0: 7, 288: 4, 289: 2, 560: 1 });
  });

  it('cuts a long consumer before the closing 0, and takes 64 lines at most', () => {
    const offsets = Array.from({ length: 64 }, (_, index) => index);
    const bytes = encodeLineRequest({ offsets, consumer: 'x'.repeat(99), outputs: [] });
    expect([bytes[286], bytes[287], bytes[288]]).toEqual([120, 0, 8]);
    for (const wrong of [[], [...offsets, 64]]) {
      expect(() => encodeLineRequest({ offsets: wrong, consumer: '' })).toThrow(RangeError);
    }
  });

  it('has the descriptor in its last field', () => {
    const bytes = encodeLineRequest({ offsets: [1], consumer: '' });
    bytes.set([0x0b, 0x01, 0, 0], 588);
    expect(requestedFd(bytes)).toBe(0x10b);
  });
});

it('has the size of each structure in its ioctl number', () => {
  const sizeOf = (request: number) => (request >>> 16) & 0x3fff;
  expect(Object.values(GPIO_IOCTL).map(sizeOf)).toEqual([68, 256, 592, 16, 16]);
});

describe('struct gpio_v2_line_values', () => {
  it('has a bit and a mask bit for each line', () => {
    const bytes = encodeValues(new Map([[0, true], [9, false], [63, true]])); // biome-ignore format: one line
    expect(filled(bytes)).toEqual({ 0: 1, 7: 0x80, 8: 1, 9: 2, 15: 0x80 });
  });

  it('reads back what was written', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 64 }), (levels) => {
        const bytes = encodeValues(new Map(levels.entries()));
        expect(decodeValues(bytes, levels.length)).toEqual(levels);
      }),
    );
  });
});

it('struct gpiochip_info tells label and lines', () => {
  const bytes = emptyChipInfo();
  expect(bytes).toHaveLength(68);
  bytes.set(Buffer.from('gpiochip0'), 0);
  bytes.set(Buffer.from('pinctrl-bcm2711'), 32);
  bytes[64] = 58;
  expect(decodeChipInfo(bytes)).toEqual({ label: 'pinctrl-bcm2711', lines: 58 });
});

it('struct gpio_v2_line_info tells who has a line', () => {
  const bytes = encodeLineInfo(12);
  expect(filled(bytes)).toEqual({ 64: 12 });
  bytes.set(Buffer.from('GPIO12'), 0);
  bytes.set(Buffer.from('y'.repeat(32)), 32);
  bytes[72] = 1;
  expect(decodeLineInfo(bytes)).toEqual({ name: 'GPIO12', consumer: 'y'.repeat(32), used: true });
  expect(decodeLineInfo(encodeLineInfo(1))).toEqual({ name: '', consumer: '', used: false });
});

it('struct gpio_v2_line_event tells line and edge; a half one is left out', () => {
  const bytes = new Uint8Array(GPIO_EVENT_BYTES * 2 + 47);
  bytes.set([1, 0, 0, 0, 24], 8);
  bytes.set([2, 0, 0, 0, 0, 1], GPIO_EVENT_BYTES + 8);
  expect(decodeEdges(bytes)).toEqual([
    { offset: 24, rising: true },
    { offset: 256, rising: false },
  ]);
});
