import type { TableKeyName } from './keys.ts';

/** What decides over the sign that a key means. */
export interface KeyLevels {
  readonly shift: boolean;
  /** Caps Lock. */
  readonly caps: boolean;
  /** Num Lock. */
  readonly num: boolean;
}

/** Keys without a sign, by X11's keysymdef.h and XF86keysym.h. */
const NAMED: Partial<Record<TableKeyName, number>> = {
  ...{ Backspace: 0xff08, Tab: 0xff09, Enter: 0xff0d, Pause: 0xff13, ScrollLock: 0xff14 },
  ...{ Escape: 0xff1b, Delete: 0xffff, PrintScreen: 0xff61, Insert: 0xff63, ContextMenu: 0xff67 },
  ...{ Home: 0xff50, ArrowLeft: 0xff51, ArrowUp: 0xff52, ArrowRight: 0xff53, ArrowDown: 0xff54 },
  ...{ PageUp: 0xff55, PageDown: 0xff56, End: 0xff57, NumLock: 0xff7f, CapsLock: 0xffe5 },
  ...{ ShiftLeft: 0xffe1, ShiftRight: 0xffe2, ControlLeft: 0xffe3, ControlRight: 0xffe4 },
  ...{ AltLeft: 0xffe9, AltRight: 0xffea, MetaLeft: 0xffeb, MetaRight: 0xffec },
  ...{ NumpadEnter: 0xff8d, NumpadMultiply: 0xffaa, NumpadAdd: 0xffab, NumpadSubtract: 0xffad },
  ...{ NumpadDivide: 0xffaf, NonConvert: 0xff22, Convert: 0xff23, KanaMode: 0xff27 },
  ...{ AudioVolumeDown: 0x1008ff11, AudioVolumeMute: 0x1008ff12, AudioVolumeUp: 0x1008ff13 },
  Power: 0x1008ff2a,
};

/** The signs of a key, plain and with Shift; the last row is of keys that other keyboards have. */
const SIGNS: Partial<Record<TableKeyName, string>> = {
  ...{ Backquote: '`~', Minus: '-_', Equal: '=+', BracketLeft: '[{', BracketRight: ']}' },
  ...{ Digit1: '1!', Digit2: '2@', Digit3: '3#', Digit4: '4$', Digit5: '5%', Digit6: '6^' },
  ...{ Digit7: '7&', Digit8: '8*', Digit9: '9(', Digit0: '0)', Space: '  ' },
  ...{ Backslash: '\\|', Semicolon: ';:', Quote: '\'"', Comma: ',<', Period: '.>', Slash: '/?' },
  ...{ IntlBackslash: '<>', IntlRo: '\\_', IntlYen: '\u00a5|' },
};

/** Keys of the number pad: with Num Lock, and without. */
const NUMPAD: Partial<Record<TableKeyName, readonly [digit: number, motion: number]>> = {
  Numpad0: [0xffb0, 0xff9e],
  Numpad1: [0xffb1, 0xff9c],
  Numpad2: [0xffb2, 0xff99],
  Numpad3: [0xffb3, 0xff9b],
  Numpad4: [0xffb4, 0xff96],
  Numpad5: [0xffb5, 0xff9d],
  Numpad6: [0xffb6, 0xff98],
  Numpad7: [0xffb7, 0xff95],
  Numpad8: [0xffb8, 0xff97],
  Numpad9: [0xffb9, 0xff9a],
  NumpadDecimal: [0xffae, 0xff9f],
};

const F1 = 0xffbe;

/**
 * What X11 calls a key of a US keyboard in that state: Latin signs are their own numbers. Shift does
 * not change the number pad: a VNC server would take that for another Num Lock.
 */
export function keysymOf(key: TableKeyName, { shift, caps, num }: KeyLevels): number {
  const letter = /^Key([A-Z])$/.exec(key)?.[1];
  if (letter !== undefined) return (shift === caps ? letter.toLowerCase() : letter).charCodeAt(0);
  const sign = SIGNS[key]?.charCodeAt(shift ? 1 : 0);
  const keysym = NAMED[key] ?? NUMPAD[key]?.[num ? 0 : 1] ?? sign ?? functionKey(key);
  if (keysym === undefined) throw new RangeError(`${key} has no keysym`);
  return keysym;
}

function functionKey(key: TableKeyName): number | undefined {
  const number = /^F(\d+)$/.exec(key)?.[1];
  return number === undefined ? undefined : F1 + Number(number) - 1;
}
