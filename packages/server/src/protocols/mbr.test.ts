import { expect, test } from 'vitest';
import { masterBootRecord, TYPE_FAT32_LBA } from './mbr.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const record = (firstSector: number, sectors: number) =>
  masterBootRecord({ type: TYPE_FAT32_LBA, firstSector, sectors }, 0x1234_abcd);

/** The tables of sfdisk 2.38.1 for `start=2048, type=c` and these sizes. */
test.each([
  [67_584, '00202100' + '0c551104' + '00080000' + '00080100'],
  [8_386_560, '00202100' + '0c2aa00a' + '00080000' + '00f87f00'],
  [2 ** 32 - 2048, '00202100' + '0cfeffff' + '00080000' + '00f8ffff'],
])('a partition of %i sectors', (sectors, entry) => {
  const bytes = record(2048, sectors);
  expect(bytes).toHaveLength(512);
  expect(hex(bytes.subarray(0, 440))).toBe('00'.repeat(440));
  expect(hex(bytes.subarray(440, 446))).toBe('cdab34120000');
  expect(hex(bytes.subarray(446, 462))).toBe(entry);
  expect(hex(bytes.subarray(462))).toBe(`${'00'.repeat(48)}55aa`);
});

test.each([
  [0, 1],
  [2048, 0],
  [2048, 2 ** 32 - 2047],
])('no partition at %i of %i sectors', (firstSector, sectors) => {
  expect(() => record(firstSector, sectors)).toThrow(RangeError);
});
