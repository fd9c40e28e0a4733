import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BootKeyboard } from './boot-keyboard.ts';
import { keyboardDescriptor, mouseDescriptor } from './hid-descriptor.ts';
import { HidMouse } from './hid-mouse.ts';
import {
  encodeHidpInput,
  HIDP_MOUSE,
  hidpReportDescriptor,
  readHidpControl,
  readHidpOutput,
} from './hidp.ts';
import { keyCodes } from './keys.ts';

const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex');
const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const leds = (num: boolean, caps: boolean, scroll: boolean) => ({ num, caps, scroll });

describe('reports', () => {
  it('are packets with their number', () => {
    const keyboard = new BootKeyboard();
    const packets = [
      ...keyboard.event(keyCodes('ShiftLeft'), true),
      ...keyboard.event(keyCodes('KeyA'), true),
    ].map((report) => hex(encodeHidpInput('keyboard', report)));
    expect(packets).toEqual(['a1010200000000000000', 'a1010200040000000000']);
    const mouse = new HidMouse(HIDP_MOUSE);
    const [pressed] = mouse.button('right', true);
    expect(pressed && hex(encodeHidpInput('mouse', pressed))).toBe('a10202000000');
    expect(hex(encodeHidpInput('mouse', mouse.moveBy(10, -10)))).toBe('a102020af600');
    expect(hex(encodeHidpInput('mouse', mouse.wheel(0, -1)))).toBe('a102020000ff');
  });

  it('are described with their numbers, right after the collections begin', () => {
    const all = hex(hidpReportDescriptor()) ?? '';
    const plain = (bytes: Uint8Array) => hex(bytes)?.slice('05010906a101'.length);
    const keyboard = plain(keyboardDescriptor().reportDescriptor);
    const mouse = plain(mouseDescriptor(HIDP_MOUSE).reportDescriptor);
    expect(all).toBe(`05010906a1018501${keyboard}05010902a1018502${mouse}`);
  });
});

describe('the control channel', () => {
  it.each([
    ['SET_PROTOCOL report', '71', { answer: '00', protocol: 'report' }],
    ['SET_PROTOCOL boot', '70', { answer: '00', protocol: 'boot' }],
    ['SET_PROTOCOL of something else', '72', { answer: '03' }],
    ['GET_PROTOCOL', '60', { answer: 'a001' }],
    ['SET_REPORT of the lights', '520102', { answer: '00', leds: leds(false, true, false) }],
    ['SET_REPORT of the mouse', '520201', { answer: '03' }],
    ['SET_REPORT without a report', '52', { answer: '03' }],
    ['SET_REPORT of a feature', '530100', { answer: '03' }],
    ['GET_REPORT', '4101', { answer: '03' }],
    ['DATA with the lights', 'a20104', { leds: leds(false, false, true) }],
    ['suspend', '13', { isUnplugged: false }],
    ['virtual cable unplug', '15', { isUnplugged: true }],
    ['a handshake', '00', {}],
    ['what nobody knows', 'f0', { answer: '03' }],
  ])('%s', (_, packet, expected) => {
    const { answer, ...rest } = readHidpControl(bytesOf(packet), 'report');
    expect({ ...rest, ...(answer ? { answer: hex(answer) } : {}) }).toEqual(expected);
  });

  it('tells which protocol was set', () => {
    expect(hex(readHidpControl(bytesOf('60'), 'boot').answer)).toBe('a000');
  });
});

describe('the interrupt channel', () => {
  it('sets the lights', () => {
    expect(readHidpOutput(bytesOf('a20101'))).toEqual(leds(true, false, false));
    expect(readHidpOutput(bytesOf('a20102'))).toEqual(leds(false, true, false));
    expect(readHidpOutput(bytesOf('a20104ff'))).toEqual(leds(false, false, true));
  });

  it.each(['', 'a2', 'a201', 'a20207', 'a10101', '520101'])('%s does nothing', (packet) => {
    expect(readHidpOutput(bytesOf(packet))).toBeUndefined();
  });
});

it('any packet is taken, and an answer is never longer than the profile has it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 32 }), (packet) => {
      expect(readHidpControl(packet, 'report').answer?.length ?? 0).toBeLessThanOrEqual(2);
      readHidpOutput(packet);
    }),
  );
});
