import type { KeyName } from '@crashcart/api';
import { KEY_GROUPS } from '../keys/key-groups.ts';

/** Keys that draw nothing, or do more than that: power is one of them. */
const NO_PROBES: readonly string[] = ['Modifiers', 'Others'];

/** The keys that a probe may press, as a list to choose from has them. */
export const PROBE_KEYS = KEY_GROUPS.filter(({ label }) => !NO_PROBES.includes(label));

const BACK: Readonly<Partial<Record<KeyName, KeyName>>> = {
  ArrowUp: 'ArrowDown',
  ArrowDown: 'ArrowUp',
  ArrowLeft: 'ArrowRight',
  ArrowRight: 'ArrowLeft',
  PageUp: 'PageDown',
  PageDown: 'PageUp',
  Home: 'End',
  End: 'Home',
};
const TYPES =
  /^(Key|Digit|Numpad(\d|Divide|Multiply|Subtract|Add|Decimal)|Space|Minus|Equal|Bracket|Backslash|Semicolon|Quote|Backquote|Comma|Period|Slash|Intl)/;

/** The key that takes back what this one did; itself where none does, as F2 that opens and closes. */
export function takesBack(key: KeyName): KeyName {
  return BACK[key] ?? (TYPES.test(key) ? 'Backspace' : key);
}
