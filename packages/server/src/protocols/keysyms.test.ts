import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KEYS, type TableKeyName } from './keys.ts';
import { type KeyLevels, keysymOf } from './keysyms.ts';

const PLAIN: KeyLevels = { shift: false, caps: false, num: true };
const SHIFT = { ...PLAIN, shift: true };

/** X11's names and numbers, from the headers themselves (x11proto-dev). */
const HEADERS = ['keysymdef.h', 'XF86keysym.h'].map((name) =>
  readFileSync(`/usr/include/X11/${name}`, 'utf8'),
);
const names = new Map<number, readonly string[]>();
for (const [, name = '', number = ''] of HEADERS.join('\n').matchAll(
  /^#define (?:XK_|XF86XK_)(\w+)\s+(0x[\da-f]+)/gim,
)) {
  names.set(Number(number), [...(names.get(Number(number)) ?? []), name]);
}

/** What X11 calls keys whose names differ from the web's. */
const CALLED: Partial<Record<TableKeyName, string>> = {
  ...{ Backspace: 'BackSpace', Enter: 'Return', ScrollLock: 'Scroll_Lock', PrintScreen: 'Print' },
  ...{ ContextMenu: 'Menu', ArrowLeft: 'Left', ArrowUp: 'Up', ArrowRight: 'Right' },
  ...{ ArrowDown: 'Down', PageUp: 'Prior', PageDown: 'Next', NumLock: 'Num_Lock' },
  ...{ CapsLock: 'Caps_Lock', ShiftLeft: 'Shift_L', ShiftRight: 'Shift_R' },
  ...{ ControlLeft: 'Control_L', ControlRight: 'Control_R', AltLeft: 'Alt_L', AltRight: 'Alt_R' },
  ...{ MetaLeft: 'Super_L', MetaRight: 'Super_R', NumpadEnter: 'KP_Enter' },
  ...{ NumpadMultiply: 'KP_Multiply', NumpadAdd: 'KP_Add', NumpadSubtract: 'KP_Subtract' },
  ...{ NumpadDivide: 'KP_Divide', NumpadDecimal: 'KP_Decimal', NonConvert: 'Muhenkan' },
  ...{ Convert: 'Henkan_Mode', KanaMode: 'Hiragana_Katakana', AudioVolumeDown: 'AudioLowerVolume' },
  ...{ AudioVolumeMute: 'AudioMute', AudioVolumeUp: 'AudioRaiseVolume', Power: 'PowerOff' },
  ...{ Backquote: 'grave', Minus: 'minus', Equal: 'equal', BracketLeft: 'bracketleft' },
  ...{ BracketRight: 'bracketright', Backslash: 'backslash', Semicolon: 'semicolon' },
  ...{ Quote: 'apostrophe', Comma: 'comma', Period: 'period', Slash: 'slash', Space: 'space' },
  ...{ IntlBackslash: 'less', IntlRo: 'backslash', IntlYen: 'yen' },
};

function nameOf(key: TableKeyName): string {
  const [, letter, digit, pad] = /^(?:Key([A-Z])|Digit(\d)|Numpad(\d))$/.exec(key) ?? [];
  return CALLED[key] ?? letter?.toLowerCase() ?? digit ?? (pad ? `KP_${pad}` : key);
}

describe('keysyms', () => {
  it.each(KEYS.map(({ name }) => name))('%s is what X11 calls it', (key) => {
    expect(names.get(keysymOf(key, PLAIN))).toContain(nameOf(key));
  });

  it('are the signs of a US keyboard', () => {
    const typed = (levels: KeyLevels) =>
      String.fromCharCode(
        ...(['KeyA', 'Digit2', 'Minus', 'Quote', 'Comma', 'Backslash', 'Space'] as const).map(
          (key) => keysymOf(key, levels),
        ),
      );
    expect(typed(PLAIN)).toBe("a2-',\\ ");
    expect(typed(SHIFT)).toBe('A@_"<| ');
    expect(typed({ ...PLAIN, caps: true })).toBe("A2-',\\ ");
    expect(typed({ ...SHIFT, caps: true })).toBe('a@_"<| ');
  });

  it('of the number pad move without Num Lock', () => {
    const names4 = (num: boolean) => names.get(keysymOf('Numpad4', { ...PLAIN, num }));
    expect(names4(true)).toContain('KP_4');
    expect(names4(false)).toContain('KP_Left');
    expect(names.get(keysymOf('NumpadDecimal', { ...PLAIN, num: false }))).toContain('KP_Delete');
    expect(keysymOf('Numpad4', SHIFT)).toBe(keysymOf('Numpad4', PLAIN));
  });
});
