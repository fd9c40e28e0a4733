import { expect, it } from 'vitest';
import { noyitoReport, relayReport, relaysOf } from './hid-relay.ts';

it.each([
  [relayReport(0, true), 'ff01'],
  [relayReport(0, false), 'fd01'],
  [relayReport(7, true), 'ff08'],
  [noyitoReport(0, true), 'a00101a2'],
  [noyitoReport(0, false), 'a00100a1'],
  [noyitoReport(7, true), 'a00801a9'],
])('report %#', (report, hex) => {
  expect(Buffer.from(report).toString('hex')).toBe(hex);
});

it('reads the state of all relays, and nothing of a short report', () => {
  const on = relaysOf(Uint8Array.of(1, 65, 66, 67, 68, 69, 0, 0b1000_0101));
  expect(on).toEqual([true, false, true, false, false, false, false, true]);
  expect(relaysOf(Uint8Array.of(1, 65, 66, 67, 68, 69, 0))).toBeUndefined();
});
