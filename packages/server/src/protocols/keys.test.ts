import { KEY_NAMES, type KeyName, MODIFIER_KEYS, MOUSE_BUTTONS } from '@crashcart/api';
import { expect, test } from 'vitest';
import {
  BUTTON_CODES,
  buttonByLinuxCode,
  KEYS,
  keyByLinuxCode,
  keyByName,
  keyCodes,
} from './keys.ts';

test('the table has the names of the contract, in its order', () => {
  expect(KEYS.map((key) => key.name)).toEqual([...KEY_NAMES]);
});

test('the keys with a modifier bit are the modifiers of the contract', () => {
  const withBit = KEYS.filter((key) => key.modifier !== 0).map((key): KeyName => key.name);
  expect(new Set(withBit)).toEqual(MODIFIER_KEYS);
  expect(KEYS.reduce((sum, key) => sum + key.modifier, 0)).toBe(0xff);
});

test.each(['linux', 'usage', 'mcu', 'set1'] as const)('no two keys share a %s code', (column) => {
  // 0 would be a key without a code.
  const codes = KEYS.map((key) => key[column]);
  expect(new Set(codes).size).toBe(codes.length);
  expect(codes).not.toContain(0);
});

test('finds keys by name and by Linux code', () => {
  expect(keyByName('KeyA')).toEqual({
    name: 'KeyA',
    linux: 30,
    usage: 0x04,
    modifier: 0,
    mcu: 1,
    set1: 0x1e,
  });
  expect(keyByLinuxCode(125)?.name).toBe('MetaLeft');
  expect(keyCodes('MetaLeft').set1).toBe(0xe05b);
  expect(keyByName('keya')).toBeUndefined();
  expect(keyByName('constructor')).toBeUndefined();
  expect(keyByLinuxCode(60_000)).toBeUndefined();
});

test('finds the buttons of the contract by their Linux codes', () => {
  expect(Object.keys(BUTTON_CODES)).toEqual([...MOUSE_BUTTONS]);
  expect(MOUSE_BUTTONS.map((button) => buttonByLinuxCode(BUTTON_CODES[button]))).toEqual([
    ...MOUSE_BUTTONS,
  ]);
  expect(buttonByLinuxCode(0x117)).toBeUndefined();
});
