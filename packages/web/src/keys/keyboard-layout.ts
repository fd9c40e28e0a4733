import { KEY_NAMES, type KeyName } from '@crashcart/api';

/** A key of the on-screen keyboard, or a gap; `width` in letter keys. */
export interface KeyCell {
  readonly key: KeyName | undefined;
  readonly width: number;
}

/** Rows of one width. */
export type KeyBlock = readonly (readonly KeyCell[])[];

const NAMES: ReadonlySet<string> = new Set(KEY_NAMES);

/** Reads a block: a line per row, `Name:width` per key, `_` for a gap; no width is 1. */
export function readBlock(text: string): KeyBlock {
  return text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(readCell));
}

function readCell(text: string): KeyCell {
  const [name = '', width = '1'] = text.split(':');
  if (name === '_') return { key: undefined, width: Number(width) };
  if (!NAMES.has(name)) throw new Error(`There is no key ${name}`);
  return { key: name as KeyName, width: Number(width) };
}

/** How many letter keys a row is wide. */
export function rowWidth(row: readonly KeyCell[]): number {
  return row.reduce((sum, { width }) => sum + width, 0);
}

const MAIN = readBlock(`
  Escape _:1 F1 F2 F3 F4 _:0.5 F5 F6 F7 F8 _:0.5 F9 F10 F11 F12
  Backquote Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal Backspace:2
  Tab:1.5 KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight Backslash:1.5
  CapsLock:1.75 KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote Enter:2.25
  ShiftLeft:1.25 IntlBackslash KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash ShiftRight:2.75
  ControlLeft:1.25 MetaLeft:1.25 AltLeft:1.25 Space:6.25 AltRight:1.25 MetaRight:1.25 ContextMenu:1.25 ControlRight:1.25
`);

const NAVIGATION = readBlock(`
  PrintScreen ScrollLock Pause
  Insert Home PageUp
  Delete End PageDown
  _:3
  _ ArrowUp _
  ArrowLeft ArrowDown ArrowRight
`);

const NUMPAD = readBlock(`
  AudioVolumeMute AudioVolumeDown AudioVolumeUp Power
  NumLock NumpadDivide NumpadMultiply NumpadSubtract
  Numpad7 Numpad8 Numpad9 NumpadAdd
  Numpad4 Numpad5 Numpad6 _
  Numpad1 Numpad2 Numpad3 NumpadEnter
  Numpad0:2 NumpadDecimal _
`);

const INTERNATIONAL = readBlock(`
  _
  IntlYen
  IntlRo
  KanaMode
  Convert
  NonConvert
`);

/** The whole keyboard: blocks side by side. */
export const FULL_KEYBOARD: readonly KeyBlock[] = [MAIN, NAVIGATION, NUMPAD, INTERNATIONAL];

/** The small keyboard: pages of 10 letter keys' width. */
export const SMALL_KEYBOARD = {
  letters: readBlock(`
    Escape Tab Backquote Minus Equal BracketLeft BracketRight Backslash Semicolon Quote
    Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0
    KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP
    _:0.5 KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL _:0.5
    ShiftLeft:1.5 KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Backspace:1.5
    ControlLeft:1.1 MetaLeft:1.1 AltLeft:1.1 Space:2.2 Comma:0.9 Period:0.9 Slash:0.9 Enter:1.8
  `),
  functions: readBlock(`
    Escape:1.25 Tab:1.25 CapsLock:1.5 PrintScreen:1.5 ScrollLock:1.5 Pause:1.5 ContextMenu:1.5
    F1:1.25 F2:1.25 F3:1.25 F4:1.25 _:0.5 Insert:1.5 Home:1.5 PageUp:1.5
    F5:1.25 F6:1.25 F7:1.25 F8:1.25 _:0.5 Delete:1.5 End:1.5 PageDown:1.5
    F9:1.25 F10:1.25 F11:1.25 F12:1.25 _:2 ArrowUp:1.5 _:1.5
    ShiftLeft:2.5 ShiftRight:2.5 _:0.5 ArrowLeft:1.5 ArrowDown:1.5 ArrowRight:1.5
    ControlLeft:1.5 MetaLeft:1.5 AltLeft:1.5 AltRight:1.5 MetaRight:2 ControlRight:2
  `),
  numbers: readBlock(`
    NumLock:1.25 NumpadDivide:1.25 NumpadMultiply:1.25 NumpadSubtract:1.25 _:0.5 F13:1.125 F14:1.125 F15:1.125 F16:1.125
    Numpad7:1.25 Numpad8:1.25 Numpad9:1.25 NumpadAdd:1.25 _:0.5 F17:1.125 F18:1.125 F19:1.125 F20:1.125
    Numpad4:1.25 Numpad5:1.25 Numpad6:1.25 _:1.75 F21:1.125 F22:1.125 F23:1.125 F24:1.125
    Numpad1:1.25 Numpad2:1.25 Numpad3:1.25 NumpadEnter:1.25 _:0.5 IntlBackslash:1.5 IntlRo:1.5 IntlYen:1.5
    Numpad0:2.5 NumpadDecimal:1.25 _:1.75 KanaMode:1.5 Convert:1.5 NonConvert:1.5
    ControlLeft:1.25 AltLeft:1.25 Backspace:1.25 Enter:1.25 _:0.5 Power:1.125 AudioVolumeMute:1.125 AudioVolumeDown:1.125 AudioVolumeUp:1.125
  `),
} as const;

/** A page of the small keyboard. */
export type KeyPage = keyof typeof SMALL_KEYBOARD;

/** Keys with two signs on a US keyboard: what Shift gives. */
export const SHIFTED: Partial<Record<KeyName, string>> = {
  Backquote: '~',
  Digit1: '!',
  Digit2: '@',
  Digit3: '#',
  Digit4: '$',
  Digit5: '%',
  Digit6: '^',
  Digit7: '&',
  Digit8: '*',
  Digit9: '(',
  Digit0: ')',
  Minus: '_',
  Equal: '+',
  BracketLeft: '{',
  BracketRight: '}',
  Backslash: '|',
  Semicolon: ':',
  Quote: '"',
  Comma: '<',
  Period: '>',
  Slash: '?',
};

/** What stands on a key where the full word is too long. */
export const CAPS: Partial<Record<KeyName, string>> = {
  Backspace: '⌫',
  Enter: '⏎',
  Tab: '⇥',
  CapsLock: 'Caps',
  ShiftLeft: '⇧',
  ShiftRight: '⇧',
  ControlRight: 'Ctrl',
  MetaRight: 'Win',
  Space: '',
  PrintScreen: 'PrtSc',
  ScrollLock: 'ScrLk',
  Pause: 'Pause',
  PageUp: 'PgUp',
  PageDown: 'PgDn',
  IntlBackslash: '< >',
  NumLock: 'Num',
  Numpad0: '0',
  Numpad1: '1',
  Numpad2: '2',
  Numpad3: '3',
  Numpad4: '4',
  Numpad5: '5',
  Numpad6: '6',
  Numpad7: '7',
  Numpad8: '8',
  Numpad9: '9',
  NumpadDivide: '/',
  NumpadMultiply: '*',
  NumpadSubtract: '−',
  NumpadAdd: '+',
  NumpadEnter: '⏎',
  NumpadDecimal: '.',
  AudioVolumeMute: 'Mute',
  AudioVolumeDown: 'Vol−',
  AudioVolumeUp: 'Vol+',
  IntlYen: '¥',
  IntlRo: 'Ro',
  KanaMode: 'Kana',
  Convert: 'Conv',
  NonConvert: 'NoC',
};
