import { KEY_NAMES } from '@crashcart/api';
import { expect, it } from 'vitest';
import { FULL_KEYBOARD, readBlock, rowWidth, SMALL_KEYBOARD } from './keyboard-layout.ts';

const keysOf = (blocks: readonly ReturnType<typeof readBlock>[]) =>
  blocks.flat(2).flatMap(({ key }) => key ?? []);

it('has every key of a real keyboard once in the full form', () => {
  const keys = keysOf(FULL_KEYBOARD);
  expect(new Set(keys).size).toBe(keys.length);
  // No keyboard that is sold has these.
  const rare = /^F(1[3-9]|2[0-4])$/;
  expect([...keys].sort()).toEqual(KEY_NAMES.filter((key) => !rare.test(key)).sort());
});

it('has every key on some page of the small form', () => {
  const keys = keysOf(Object.values(SMALL_KEYBOARD));
  expect([...new Set(keys)].sort()).toEqual([...KEY_NAMES].sort());
});

it('has rows of one width', () => {
  for (const block of [...FULL_KEYBOARD, ...Object.values(SMALL_KEYBOARD)]) {
    const widths = block.map((row) => Math.round(rowWidth(row) * 1_000));
    expect(new Set(widths).size).toBe(1);
  }
});

it('refuses a key that does not exist', () => {
  expect(() => readBlock('KeyA Key1')).toThrow('There is no key Key1');
});
