import { expect, it } from 'vitest';
import { FILLING, isWorn, textChange } from './soft-text.ts';
import { strikesOf } from './us-keys.ts';

it('sees what a soft keyboard wrote, took back and wrote anew', () => {
  expect(textChange('__', '__h')).toEqual({ removed: 0, added: 'h' });
  expect(textChange('__he', '__hel')).toEqual({ removed: 0, added: 'l' });
  // The keyboard mended a word, then Backspace into the filling.
  expect(textChange('__teh', '__the ')).toEqual({ removed: 2, added: 'he ' });
  expect(textChange('__', '_')).toEqual({ removed: 1, added: '' });
  expect(textChange('__a', '__a')).toEqual({ removed: 0, added: '' });
});

it('counts characters, not halves of them', () => {
  expect(textChange('_😀', '_😁')).toEqual({ removed: 1, added: '😁' });
});

it('fills the field anew before Backspace meets its start', () => {
  expect(isWorn(FILLING)).toBe(false);
  expect(isWorn(FILLING.slice(40))).toBe(true);
  expect(isWorn(FILLING + 'x'.repeat(300))).toBe(true);
});

it('has a key for every character of ASCII', () => {
  for (let code = 0x20; code < 0x7f; code += 1) {
    expect(strikesOf(String.fromCharCode(code), false), String.fromCharCode(code)).toHaveLength(1);
  }
  expect(strikesOf('A~\n', false)).toEqual([
    { key: 'KeyA', shift: true },
    { key: 'Backquote', shift: true },
    { key: 'Enter', shift: false },
  ]);
  expect(strikesOf('aé', false)).toBeUndefined();
});

it('turns Shift round for letters while Caps Lock is on', () => {
  expect(strikesOf('aA1', true)).toEqual([
    { key: 'KeyA', shift: true },
    { key: 'KeyA', shift: false },
    { key: 'Digit1', shift: false },
  ]);
});
