import type { KeyName } from '@crashcart/api';
import { expect, it } from 'vitest';
import { PROBE_KEYS, takesBack } from './probe-keys.ts';

it.each<[KeyName, KeyName]>([
  ['KeyX', 'Backspace'],
  ['Slash', 'Backspace'],
  ['Numpad7', 'Backspace'],
  ['ArrowDown', 'ArrowUp'],
  ['PageUp', 'PageDown'],
  ['Escape', 'Escape'],
  ['F10', 'F10'],
  ['NumpadEnter', 'NumpadEnter'],
])('%s is taken back by %s', (key, back) => expect(takesBack(key)).toBe(back));

it('presses neither power nor a modifier', () => {
  const keys = PROBE_KEYS.flatMap(({ members }) => members);
  expect(keys).toContain('F12');
  expect(keys.filter((key) => /^(Power|Control|Shift|Alt|Meta)/.test(key))).toEqual([]);
});
