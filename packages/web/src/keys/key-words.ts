import type { KeyName } from '@crashcart/api';

const WORDS: Partial<Record<KeyName, string>> = {
  ControlLeft: 'Ctrl',
  ControlRight: 'Right Ctrl',
  ShiftLeft: 'Shift',
  ShiftRight: 'Right Shift',
  AltLeft: 'Alt',
  AltRight: 'AltGr',
  MetaLeft: 'Win',
  MetaRight: 'Right Win',
  ContextMenu: 'Menu',
  Escape: 'Esc',
  Delete: 'Del',
  Insert: 'Ins',
  PageUp: 'Page Up',
  PageDown: 'Page Down',
  PrintScreen: 'Print Screen',
  ScrollLock: 'Scroll Lock',
  CapsLock: 'Caps Lock',
  NumLock: 'Num Lock',
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  Minus: '-',
  Equal: '=',
  BracketLeft: '[',
  BracketRight: ']',
  Backslash: '\\',
  Semicolon: ';',
  Quote: "'",
  Backquote: '`',
  Comma: ',',
  Period: '.',
  Slash: '/',
  IntlBackslash: 'Key by left Shift',
  IntlRo: 'Ro',
  IntlYen: 'Yen',
  KanaMode: 'Kana',
  NonConvert: 'No Convert',
  NumpadDivide: 'Num /',
  NumpadMultiply: 'Num *',
  NumpadSubtract: 'Num -',
  NumpadAdd: 'Num +',
  NumpadEnter: 'Num Enter',
  NumpadDecimal: 'Num .',
  AudioVolumeMute: 'Mute',
  AudioVolumeUp: 'Volume up',
  AudioVolumeDown: 'Volume down',
};

/** What is printed on a key of a US keyboard, or what people call it. */
export function keyWord(key: KeyName): string {
  return WORDS[key] ?? key.replace(/^(Key|Digit)/, '').replace(/^Numpad/, 'Num ');
}

/** Keys pressed together, e.g. `Ctrl+Alt+Del`. */
export function keysWords(keys: readonly KeyName[]): string {
  return keys.map(keyWord).join('+');
}
