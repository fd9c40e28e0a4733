import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RECORDED_EDID } from '../../test/support/golden-switch.ts';
import { hasEdidHeader, parseEdid } from './edid.ts';

const edid = () => Uint8Array.from(Buffer.from(RECORDED_EDID, 'hex'));

it('tells who a display is', () => {
  expect(hasEdidHeader(edid())).toBe(true);
  expect(parseEdid(edid())).toEqual({
    ...{ maker: 'LNX', product: 30_576, serial: 16_843_009, audio: false },
    ...{ monitorName: 'PiKVM', monitorSerial: 'CAFEBABE' },
  });
});

it('tells sound only of an extension that says so', () => {
  const bytes = edid();
  bytes[131] = 0x71;
  expect(parseEdid(bytes)?.audio).toBe(true);
  bytes[128] = 0x10;
  expect(parseEdid(bytes)?.audio).toBe(false);
  expect(parseEdid(bytes.subarray(0, 128))?.audio).toBe(false);
});

it('reads 128 zeros, which are no EDID', () => {
  const zeros = new Uint8Array(128);
  expect(hasEdidHeader(zeros)).toBe(false);
  expect(parseEdid(zeros)).toEqual({
    ...{ maker: '@@@', product: 0, serial: 0, audio: false },
    ...{ monitorName: undefined, monitorSerial: undefined },
  });
});

it('reads any bytes without throwing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(parseEdid(bytes) === undefined).toBe(bytes.length < 128);
      hasEdidHeader(bytes);
    }),
  );
});
