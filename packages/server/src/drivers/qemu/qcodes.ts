import { KEY_NAMES, type KeyName } from '@crashcart/api';

/** Names in QEMU's QKeyCode (qapi/ui.json) that do not follow from the key's own name. */
const NAMED: Partial<Record<KeyName, string>> = {
  ...{ Enter: 'ret', Escape: 'esc', Backspace: 'backspace', Tab: 'tab', Space: 'spc' },
  ...{ Minus: 'minus', Equal: 'equal', BracketLeft: 'bracket_left' },
  ...{ BracketRight: 'bracket_right', Backslash: 'backslash', Semicolon: 'semicolon' },
  ...{ Quote: 'apostrophe', Backquote: 'grave_accent', Comma: 'comma', Period: 'dot' },
  ...{ Slash: 'slash', CapsLock: 'caps_lock', PrintScreen: 'print', ScrollLock: 'scroll_lock' },
  ...{ Pause: 'pause', Insert: 'insert', Home: 'home', PageUp: 'pgup', Delete: 'delete' },
  ...{ End: 'end', PageDown: 'pgdn', ArrowRight: 'right', ArrowLeft: 'left' },
  ...{ ArrowDown: 'down', ArrowUp: 'up', NumLock: 'num_lock', NumpadDivide: 'kp_divide' },
  ...{ NumpadMultiply: 'kp_multiply', NumpadSubtract: 'kp_subtract', NumpadAdd: 'kp_add' },
  ...{ NumpadEnter: 'kp_enter', NumpadDecimal: 'kp_decimal', IntlBackslash: 'less' },
  // `menu` is accepted but never delivered by usb-kbd.
  ...{ ContextMenu: 'compose', Power: 'power', AudioVolumeMute: 'audiomute' },
  ...{ AudioVolumeUp: 'volumeup', AudioVolumeDown: 'volumedown', IntlRo: 'ro' },
  ...{ KanaMode: 'katakanahiragana', IntlYen: 'yen', Convert: 'henkan', NonConvert: 'muhenkan' },
  ...{ ControlLeft: 'ctrl', ShiftLeft: 'shift', AltLeft: 'alt', MetaLeft: 'meta_l' },
  ...{ ControlRight: 'ctrl_r', ShiftRight: 'shift_r', AltRight: 'alt_r', MetaRight: 'meta_r' },
};

function qcodeOf(key: KeyName): string | undefined {
  const plain = /^(?:Key([A-Z])|Digit(\d)|Numpad(\d))$/.exec(key);
  if (plain?.[1]) return plain[1].toLowerCase();
  if (plain?.[2]) return plain[2];
  if (plain?.[3]) return `kp_${plain[3]}`;
  // QEMU has no F13 to F24.
  if (/^F([1-9]|1[0-2])$/.test(key)) return key.toLowerCase();
  return NAMED[key];
}

/** Each key's QKeyCode; keys that QEMU cannot press are absent. */
export const QCODES: ReadonlyMap<KeyName, string> = new Map(
  KEY_NAMES.flatMap((key) => {
    const qcode = qcodeOf(key);
    return qcode === undefined ? [] : [[key, qcode] as const];
  }),
);
