import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc16 } from './crc16.ts';
import {
  BRIDGE_CLEAR,
  BRIDGE_OLD_DONE,
  BRIDGE_PING,
  BRIDGE_REPEAT,
  BridgeReader,
  bridgeButton,
  bridgeConnect,
  bridgeKey,
  bridgeKeyboardOutput,
  bridgeMouseOutput,
  bridgeMove,
  bridgeMoveBy,
  bridgeWheel,
} from './hid-bridge.ts';
import { keyCodes } from './keys.ts';

const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');
const bytes = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const read = (text: string) => new BridgeReader().push(bytes(text));

/** Bytes with their CRC. */
function sealed(...body: readonly number[]): Uint8Array {
  const crc = crc16(Uint8Array.from(body));
  return Uint8Array.of(...body, crc >> 8, crc & 0xff);
}
const encodeBridgeReply = (code: number, out1: number, out2: number) =>
  sealed(0x34, code, out1, out2, 0, 0);
const encodeOldBridgeReply = (code: number) => sealed(0x33, code);

it.each([
  ['ping', BRIDGE_PING, '33 01 00 00 00 00 18 38'],
  ['repeat', BRIDGE_REPEAT, '33 02 00 00 00 00 18 7C'],
  ['clear', BRIDGE_CLEAR, '33 10 00 00 00 00 1B C4'],
  ['A down', bridgeKey(keyCodes('KeyA').mcu, true), '33 11 01 01 00 00 E7 A9'],
  ['A up', bridgeKey(keyCodes('KeyA').mcu, false), '33 11 01 00 00 00 27 F8'],
  ['left down', bridgeButton('left', true), '33 13 88 00 00 00 BB AB'],
  ['back down', bridgeButton('up', true), '33 13 00 88 00 00 31 00'],
  ['wheel up', bridgeWheel(1), '33 14 00 01 00 00 1B 64'],
  ['steps', bridgeMoveBy(10, -10), '33 15 0A F6 00 00 F1 EB'],
  ['relative mouse', bridgeMouseOutput('usb_rel'), '33 04 10 00 00 00 D8 F0'],
  ['place', bridgeMove(32_767, -32_768), '33 12 7F FF 80 00 FF F5'],
])('asks for %s', (_what, request, golden) => {
  expect(hex(request)).toBe(golden.replaceAll(' ', '').toLowerCase());
});

it('knows each button, output and the plug by its bits', () => {
  const body = (request: Uint8Array | undefined) => hex(request?.subarray(1, 6));
  expect(body(bridgeButton('right', true))).toBe('1344000000');
  expect(body(bridgeButton('middle', false))).toBe('1320000000');
  expect(body(bridgeButton('down', true))).toBe('1300440000');
  expect(body(bridgeKeyboardOutput('ps2'))).toBe('0303000000');
  expect(body(bridgeMouseOutput('usb_win98'))).toBe('0420000000');
  expect(body(bridgeConnect(true))).toBe('0501000000');
  expect(bridgeKeyboardOutput('usb_rel')).toBeUndefined();
  expect(bridgeMouseOutput('toString')).toBeUndefined();
});

describe('replies', () => {
  const idle = {
    leds: { caps: false, scroll: false, num: false },
    ...{ keyboardOnline: true, mouseOnline: true, needsReset: false, connected: null },
    ...{ keyboard: { available: [], active: '' }, mouse: { available: [], active: '' } },
  };

  it.each([
    ['34 80 00 00 00 00 B1 05', { kind: 'state', state: idle }],
    ['33 20 98 14', { kind: 'done' }],
    [hex(BRIDGE_OLD_DONE), { kind: 'done' }],
    [hex(encodeBridgeReply(0x40, 0, 0)), { kind: 'again' }],
    [hex(encodeBridgeReply(0x48, 0, 0)), { kind: 'again' }],
    [hex(encodeBridgeReply(0x24, 0, 0)), { kind: 'again' }],
    [hex(encodeOldBridgeReply(0x45)), { kind: 'refused', code: 0x45 }],
    ['34 80 00 00 00 00 B1 06', { kind: 'garbled' }],
  ])('%s', (text, reply) => {
    expect(read(text)).toEqual([reply]);
  });

  it('tell lights, what is away, and the wish for a reset', () => {
    const [reply] = read(hex(encodeBridgeReply(0x80 | 0x5d, 0, 0)));
    expect(reply).toMatchObject({
      state: { leds: { caps: true, scroll: false, num: true } },
    });
    expect(reply).toMatchObject({
      state: { keyboardOnline: false, mouseOnline: false, needsReset: true },
    });
  });

  it('tell what can be chosen, and what is', () => {
    const [all] = read(hex(encodeBridgeReply(0x80, 0x80 | 0x01 | 0x10, 0xc7)));
    expect(all).toMatchObject({
      state: {
        keyboard: { available: ['usb', 'ps2', 'disabled'], active: 'usb' },
        mouse: { available: ['usb', 'usb_rel', 'usb_win98', 'ps2', 'disabled'], active: 'usb_rel' },
        connected: true,
      },
    });
    const [ps2] = read(hex(encodeBridgeReply(0x80, 0x80 | 0x02, 0x82)));
    expect(ps2).toMatchObject({
      state: {
        keyboard: { available: ['ps2', 'disabled'], active: 'disabled' },
        mouse: { available: ['ps2', 'disabled'], active: 'disabled' },
        connected: false,
      },
    });
  });
});

const reply = fc.oneof(
  fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)).map((all) => encodeBridgeReply(...all)),
  fc.nat(255).map(encodeOldBridgeReply),
);

it('gives the same whatever pieces the bytes come in', () => {
  fc.assert(
    fc.property(fc.array(reply, { maxLength: 5 }), (replies) => {
      const stream = Buffer.concat(replies);
      const reader = new BridgeReader();
      const single = [...stream].flatMap((byte) => reader.push(Uint8Array.of(byte)));
      expect(single).toEqual(new BridgeReader().push(stream));
      expect(single).toHaveLength(replies.length);
      expect(single).not.toContainEqual({ kind: 'garbled' });
    }),
  );
});

it('finds a reply after any garbage that has an end, and never throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), reply, (garbage, last) => {
      const reader = new BridgeReader();
      reader.push(garbage);
      reader.push(new Uint8Array(8));
      expect(reader.push(last)).toEqual(new BridgeReader().push(last));
    }),
  );
});
