import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc16 } from '../crc16.ts';
import { colorsCrc, packColors } from './colors.ts';
import { encodeFrame } from './frame.ts';
import { decodeReply, encodeRequest, padEdid, type SwitchRequest } from './message.ts';

const bytes = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const hex = (given: Uint8Array) => Buffer.from(given).toString('hex');

const COLORS = [
  { red: 255, green: 0, blue: 0, brightness: 64, blink_ms: 0 },
  { red: 0, green: 255, blue: 0, brightness: 128, blink_ms: 0 },
  { red: 0, green: 170, blue: 255, brightness: 128, blink_ms: 0 },
  { red: 228, green: 44, blue: 156, brightness: 255, blink_ms: 250 },
  { red: 255, green: 170, blue: 0, brightness: 128, blink_ms: 0 },
];
const PACKED = 'ff0000400000 00ff00800000 00aaff800000 e42c9cfffa00 ffaa00800000'.replaceAll(
  ' ',
  '',
);

describe('requests', () => {
  it.each<[string, number, SwitchRequest]>([
    ['f1 01 01 00 04 ff f2', 1, { op: 'state', unit: 255 }],
    ['f1 01 02 00 05 00 02 f2', 2, { op: 'switch', unit: 0, channel: 2 }],
    [
      'f1 01 03 00 08 00 01 00 f4 01 f2',
      3,
      { op: 'atxClick', unit: 0, channel: 1, button: 'power', delayMs: 500 },
    ],
    ['f1 01 34 12 07 ff f2', 0x1234, { op: 'atxLeds', unit: 255 }],
    ['f1 01 01 00 02 03 f2', 1, { op: 'bootloader', unit: 3 }],
    ['f1 01 01 00 03 03 f2', 1, { op: 'reboot', unit: 3 }],
    ['f1 01 01 00 06 09 05 01 f2', 1, { op: 'beacon', unit: 9, beacon: 5, on: true }],
    ['f1 01 01 00 0a 00 03 f2', 1, { op: 'clearEdid', unit: 0, channel: 3 }],
    ['f1 01 01 00 0d 00 01 f2', 1, { op: 'setQuirks', unit: 0, ignoreHpd: true }],
    ['f1 01 01 00 0e 01 02 00 f2', 1, { op: 'setDummy', unit: 1, channel: 2, on: false }],
    [
      'f1 01 01 00 08 00 00 01 ff ff f2',
      1,
      { op: 'atxClick', unit: 0, channel: 0, button: 'reset', delayMs: 65_535 },
    ],
    [
      `f1 01 01 00 0c 00 05 ${PACKED} f2`,
      1,
      { op: 'setColors', unit: 0, light: 5, colors: packColors(COLORS) },
    ],
  ])('%s', (framed, rid, request) => {
    expect(hex(encodeFrame(encodeRequest(rid, request)))).toBe(framed.replaceAll(' ', ''));
  });

  it('carries an EDID of 128 bytes as 256', () => {
    const data = new Uint8Array(128).fill(7);
    const request = encodeRequest(1, { op: 'setEdid', unit: 1, channel: 2, data });
    expect(hex(request)).toBe(`010100090102${'07'.repeat(128)}${'00'.repeat(128)}`);
    expect(padEdid(new Uint8Array(300))).toHaveLength(256);
  });
});

describe('checksums', () => {
  it('are those of the Switch', () => {
    expect(crc16(Buffer.from('123456789'))).toBe(0x4b37);
    expect(crc16(new Uint8Array(256))).toBe(0x64bf);
    expect(hex(packColors(COLORS))).toBe(PACKED);
    expect(colorsCrc(packColors(COLORS))).toBe(0xa59b);
  });
});

describe('replies', () => {
  const STATE = [
    ...['0980 0100 8200 02 31', '0100 0200 0300 0400 0500 0600'],
    ...['03 00 05 bf64 3412 0000 ffff', '06 00 01 01 0a', '00'.repeat(28)],
  ].join('');

  it('tells the state of a unit', () => {
    expect(decodeReply(bytes(`01 3412 04 01 ${STATE}`))).toEqual({
      ...{ rid: 0x1234, unit: 1, op: 'state' },
      state: {
        firmware: { version: 9, devbuild: true },
        ...{ busy: true, hasDownlink: true, channel: 2 },
        beacons: [true, false, false, false, true, true],
        colorCrcs: [1, 2, 3, 4, 5, 6],
        videoLinks: [true, true, false, false],
        edids: [
          { valid: true, crc: 0x64bf },
          { valid: false, crc: 0x1234 },
          { valid: true, crc: 0 },
          { valid: false, crc: 0xffff },
        ],
        usbLinks: [false, true, true, false],
        atxBusy: [true, false, false, false],
        ignoresHpd: true,
        dummies: [false, true, false, true],
      },
    });
  });

  it('tells lights and refusals', () => {
    expect(decodeReply(bytes('01 0100 07 02 81'))).toEqual({
      ...{ rid: 1, unit: 2, op: 'atxLeds' },
      power: [true, false, false, false],
      hdd: [false, false, false, true],
    });
    const refused = { rid: 65_535, unit: 0, op: 'nak', reason: 3 };
    expect(decodeReply(bytes('01 ffff 00 00 03'))).toEqual(refused);
  });

  it.each([
    ['another protocol', '02 0100 07 02 81'],
    ['an unknown op', '01 0100 63 02 81'],
    ['no unit', '01 0100 07'],
    ['no body', '01 0100 07 00'],
    ['a refusal without a reason', '01 0100 00 00'],
    ['half a state', `01 0100 04 00 ${STATE.slice(0, -2)}`],
    ['a channel that no unit has', `01 0100 04 00 ${'00'.repeat(6)}05${'00'.repeat(57)}`],
    ['nothing', ''],
  ])('is not one: %s', (_what, payload) => {
    expect(decodeReply(bytes(payload))).toBeUndefined();
  });

  it('is told for any bytes without throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(14), (body, op) => {
        decodeReply(body);
        const reply = decodeReply(Uint8Array.from([1, 0, 0, op, 0, ...body]));
        expect(['nak', 'state', 'atxLeds', undefined]).toContain(reply?.op);
      }),
    );
  });
});
