import { expect, it } from 'vitest';
import { isMac, magicPacket } from './wake-on-lan.ts';

it('wakes a card by six times FF and sixteen times its address', () => {
  const packet = Buffer.from(magicPacket('00:1b:C5:0a:0b:0c')).toString('hex');
  expect(packet).toBe(`ffffffffffff${'001bc50a0b0c'.repeat(16)}`);
  expect(magicPacket('001BC50A0B0C')).toEqual(magicPacket('00-1b-c5-0a-0b-0c'));
});

it.each(['', '00:1b:c5:0a:0b', '00:1b:c5:0a:0b:0g', '00:1b-c5:0a:0b:0c', '001bc50a0b0c0d'])(
  'refuses %j',
  (mac) => {
    expect(isMac(mac)).toBe(false);
    expect(() => magicPacket(mac)).toThrow(RangeError);
  },
);
