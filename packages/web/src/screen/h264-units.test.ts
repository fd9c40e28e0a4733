import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { DecodeGate } from './decode-gate.ts';
import { codecOf, parseH264 } from './h264-units.ts';

it('reads key flag and access unit', () => {
  const unit = parseH264(Uint8Array.of(1, 1, 0, 0, 1, 9).buffer);
  expect(unit).toEqual({ key: true, data: Uint8Array.of(0, 0, 1, 9) });
  expect(parseH264(Uint8Array.of(1, 0, 5).buffer)?.key).toBe(false);
});

it('names the codec by the first parameter set, behind an access unit delimiter or not', () => {
  const sps = [0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1f, 1];
  expect(codecOf(Uint8Array.from(sps))).toBe('avc1.42C01F');
  expect(codecOf(Uint8Array.from([0, 0, 1, 9, 0x10, ...sps]))).toBe('avc1.42C01F');
  expect(codecOf(Uint8Array.of(0, 0, 0, 1, 0x41, 1, 2, 3))).toBeUndefined();
  expect(codecOf(Uint8Array.of(0, 0, 1, 0x67, 0x42))).toBeUndefined();
});

it('takes any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      parseH264(bytes.slice().buffer);
      expect(codecOf(bytes) ?? 'avc1.000000').toMatch(/^avc1\.[0-9A-F]{6}$/);
    }),
  );
});

it('drops up to the next key frame when pictures wait, and asks for it every 200 ms at most', () => {
  const ask = vi.fn();
  const gate = new DecodeGate(ask);
  expect(gate.admits(false, 0, 0)).toBe(false);
  expect(ask).toHaveBeenCalledTimes(1);
  expect(gate.admits(true, 0, 10)).toBe(true);
  expect(gate.admits(false, 2, 20)).toBe(true);
  expect(gate.admits(false, 3, 30)).toBe(false);
  expect(gate.admits(true, 3, 190)).toBe(false);
  expect(ask).toHaveBeenCalledTimes(1);
  expect(gate.admits(false, 0, 210)).toBe(false);
  expect(ask).toHaveBeenCalledTimes(2);
  expect(gate.admits(true, 0, 220)).toBe(true);
  expect(gate.admits(false, 0, 230)).toBe(true);
  gate.remind(1_000);
  expect(ask).toHaveBeenCalledTimes(2);
  expect(gate.admits(false, 3, 2_000)).toBe(false);
  gate.remind(3_000);
  expect(ask).toHaveBeenCalledTimes(4);
});
