import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlvAvcReader, FlvError } from './flv-avc.ts';

/** A tag with its trailer. */
function tag(type: number, data: string): string {
  const size = data.length / 2;
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  return `${hex(type, 2)}${hex(size, 6)}00002100000000${data}${hex(size + 11, 8)}`;
}

const HEADER = '464c56010100000009' + '00000000';
const META = tag(0x12, '02000a6f6e4d65746144617461');
const CONFIG = tag(9, '1700000000' + '0142c00affe1' + '0003' + '6742c0' + '01' + '0002' + '68ce');
const KEY = tag(9, '1701000000' + '00000002' + '6588' + '00000003' + '658899');
const DELTA = tag(9, '2701000000' + '00000002' + '419a');
const END = tag(9, '1702000000');
const STREAM = Buffer.from(HEADER + META + CONFIG + KEY + DELTA + END + KEY, 'hex');

const KEY_UNIT = {
  key: true,
  data: '00000001' + '6742c0' + '00000001' + '68ce' + '00000001' + '6588' + '00000001' + '658899',
};
const UNITS = [KEY_UNIT, { key: false, data: '00000001' + '419a' }, KEY_UNIT];

/** The units of a stream that comes in pieces of this size. */
function read(stream: Buffer, size: number) {
  const reader = new FlvAvcReader();
  const units: { readonly key: boolean; readonly data: string }[] = [];
  for (let at = 0; at < stream.length; at += size) {
    for (const { key, data } of reader.push(stream.subarray(at, at + size)))
      units.push({ key, data: data.toString('hex') });
  }
  return units;
}

describe('H.264 in FLV', () => {
  it.each([1, 2, 13, 100, 10_000])('is read in pieces of %i bytes', (size) => {
    expect(read(STREAM, size)).toEqual(UNITS);
  });

  it('gives a unit as soon as it is complete', () => {
    const reader = new FlvAvcReader();
    const first = Buffer.from(HEADER + CONFIG + KEY, 'hex');
    expect(reader.push(first.subarray(0, -1))).toEqual([]);
    expect(reader.push(first.subarray(-1))).toHaveLength(1);
  });

  it.each([
    ['something else', `474946383961${'00'.repeat(20)}`],
    ['another codec', HEADER + tag(9, '12010000000000')],
    ['a unit that is cut off', HEADER + tag(9, '1701000000' + '00000009' + '6588')],
    ['a length that is cut off', HEADER + tag(9, '1701000000' + '000000')],
    ['a configuration that is cut off', HEADER + tag(9, '1700000000' + '0142c00affe10009')],
    ['a tag without end', `${HEADER}09ffffff`.padEnd(100, '0')],
  ])('refuses %s', (_what, hex) => {
    expect(() => read(Buffer.from(hex, 'hex'), 7)).toThrow(FlvError);
  });

  it('throws nothing but its own error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(STREAM.length - 1), (bytes, at) => {
        const broken = Buffer.from(STREAM);
        broken.set(bytes.subarray(0, broken.length - at), at);
        try {
          read(broken, 11);
        } catch (error) {
          expect(error).toBeInstanceOf(FlvError);
        }
      }),
    );
  });
});
