/**
 * The key table: one row a key. Columns:
 *
 * - name: `KeyboardEvent.code` (W3C UI Events code)
 * - linux: KEY_* of linux/input-event-codes.h
 * - usage: USB HID Usage Tables 1.5, page 0x07
 * - modifier: bit of the modifier byte of a boot keyboard report (HID 1.11, appendix B.1), 0 = none
 * - mcu: code of PiKVM's microcontroller HID protocol
 * - set1: AT scan code set 1; 0xe0 in the high byte is the prefix
 */
// biome-ignore format: a table is read by columns
const ROWS = [
  ['KeyA', 30, 0x04, 0, 1, 0x1e],
  ['KeyB', 48, 0x05, 0, 2, 0x30],
  ['KeyC', 46, 0x06, 0, 3, 0x2e],
  ['KeyD', 32, 0x07, 0, 4, 0x20],
  ['KeyE', 18, 0x08, 0, 5, 0x12],
  ['KeyF', 33, 0x09, 0, 6, 0x21],
  ['KeyG', 34, 0x0a, 0, 7, 0x22],
  ['KeyH', 35, 0x0b, 0, 8, 0x23],
  ['KeyI', 23, 0x0c, 0, 9, 0x17],
  ['KeyJ', 36, 0x0d, 0, 10, 0x24],
  ['KeyK', 37, 0x0e, 0, 11, 0x25],
  ['KeyL', 38, 0x0f, 0, 12, 0x26],
  ['KeyM', 50, 0x10, 0, 13, 0x32],
  ['KeyN', 49, 0x11, 0, 14, 0x31],
  ['KeyO', 24, 0x12, 0, 15, 0x18],
  ['KeyP', 25, 0x13, 0, 16, 0x19],
  ['KeyQ', 16, 0x14, 0, 17, 0x10],
  ['KeyR', 19, 0x15, 0, 18, 0x13],
  ['KeyS', 31, 0x16, 0, 19, 0x1f],
  ['KeyT', 20, 0x17, 0, 20, 0x14],
  ['KeyU', 22, 0x18, 0, 21, 0x16],
  ['KeyV', 47, 0x19, 0, 22, 0x2f],
  ['KeyW', 17, 0x1a, 0, 23, 0x11],
  ['KeyX', 45, 0x1b, 0, 24, 0x2d],
  ['KeyY', 21, 0x1c, 0, 25, 0x15],
  ['KeyZ', 44, 0x1d, 0, 26, 0x2c],
  ['Digit1', 2, 0x1e, 0, 27, 0x2],
  ['Digit2', 3, 0x1f, 0, 28, 0x3],
  ['Digit3', 4, 0x20, 0, 29, 0x4],
  ['Digit4', 5, 0x21, 0, 30, 0x5],
  ['Digit5', 6, 0x22, 0, 31, 0x6],
  ['Digit6', 7, 0x23, 0, 32, 0x7],
  ['Digit7', 8, 0x24, 0, 33, 0x8],
  ['Digit8', 9, 0x25, 0, 34, 0x9],
  ['Digit9', 10, 0x26, 0, 35, 0xa],
  ['Digit0', 11, 0x27, 0, 36, 0xb],
  ['Enter', 28, 0x28, 0, 37, 0x1c],
  ['Escape', 1, 0x29, 0, 38, 0x1],
  ['Backspace', 14, 0x2a, 0, 39, 0xe],
  ['Tab', 15, 0x2b, 0, 40, 0xf],
  ['Space', 57, 0x2c, 0, 41, 0x39],
  ['Minus', 12, 0x2d, 0, 42, 0xc],
  ['Equal', 13, 0x2e, 0, 43, 0xd],
  ['BracketLeft', 26, 0x2f, 0, 44, 0x1a],
  ['BracketRight', 27, 0x30, 0, 45, 0x1b],
  ['Backslash', 43, 0x31, 0, 46, 0x2b],
  ['Semicolon', 39, 0x33, 0, 47, 0x27],
  ['Quote', 40, 0x34, 0, 48, 0x28],
  ['Backquote', 41, 0x35, 0, 49, 0x29],
  ['Comma', 51, 0x36, 0, 50, 0x33],
  ['Period', 52, 0x37, 0, 51, 0x34],
  ['Slash', 53, 0x38, 0, 52, 0x35],
  ['CapsLock', 58, 0x39, 0, 53, 0x3a],
  ['F1', 59, 0x3a, 0, 54, 0x3b],
  ['F2', 60, 0x3b, 0, 55, 0x3c],
  ['F3', 61, 0x3c, 0, 56, 0x3d],
  ['F4', 62, 0x3d, 0, 57, 0x3e],
  ['F5', 63, 0x3e, 0, 58, 0x3f],
  ['F6', 64, 0x3f, 0, 59, 0x40],
  ['F7', 65, 0x40, 0, 60, 0x41],
  ['F8', 66, 0x41, 0, 61, 0x42],
  ['F9', 67, 0x42, 0, 62, 0x43],
  ['F10', 68, 0x43, 0, 63, 0x44],
  ['F11', 87, 0x44, 0, 64, 0x57],
  ['F12', 88, 0x45, 0, 65, 0x58],
  ['PrintScreen', 99, 0x46, 0, 66, 0x54],
  ['ScrollLock', 70, 0x47, 0, 86, 0x46],
  ['Pause', 119, 0x48, 0, 85, 0xe046],
  ['Insert', 110, 0x49, 0, 67, 0xe052],
  ['Home', 102, 0x4a, 0, 68, 0xe047],
  ['PageUp', 104, 0x4b, 0, 69, 0xe049],
  ['Delete', 111, 0x4c, 0, 70, 0xe053],
  ['End', 107, 0x4d, 0, 71, 0xe04f],
  ['PageDown', 109, 0x4e, 0, 72, 0xe051],
  ['ArrowRight', 106, 0x4f, 0, 73, 0xe04d],
  ['ArrowLeft', 105, 0x50, 0, 74, 0xe04b],
  ['ArrowDown', 108, 0x51, 0, 75, 0xe050],
  ['ArrowUp', 103, 0x52, 0, 76, 0xe048],
  ['NumLock', 69, 0x53, 0, 87, 0x45],
  ['NumpadDivide', 98, 0x54, 0, 89, 0xe035],
  ['NumpadMultiply', 55, 0x55, 0, 90, 0x37],
  ['NumpadSubtract', 74, 0x56, 0, 91, 0x4a],
  ['NumpadAdd', 78, 0x57, 0, 92, 0x4e],
  ['NumpadEnter', 96, 0x58, 0, 93, 0xe01c],
  ['Numpad1', 79, 0x59, 0, 94, 0x4f],
  ['Numpad2', 80, 0x5a, 0, 95, 0x50],
  ['Numpad3', 81, 0x5b, 0, 96, 0x51],
  ['Numpad4', 75, 0x5c, 0, 97, 0x4b],
  ['Numpad5', 76, 0x5d, 0, 98, 0x4c],
  ['Numpad6', 77, 0x5e, 0, 99, 0x4d],
  ['Numpad7', 71, 0x5f, 0, 100, 0x47],
  ['Numpad8', 72, 0x60, 0, 101, 0x48],
  ['Numpad9', 73, 0x61, 0, 102, 0x49],
  ['Numpad0', 82, 0x62, 0, 103, 0x52],
  ['NumpadDecimal', 83, 0x63, 0, 104, 0x53],
  ['IntlBackslash', 86, 0x64, 0, 106, 0x56],
  ['ContextMenu', 438, 0x65, 0, 88, 0xe05d],
  ['Power', 116, 0x66, 0, 105, 0xe05e],
  ['F13', 183, 0x68, 0, 120, 0x5d],
  ['F14', 184, 0x69, 0, 121, 0x5e],
  ['F15', 185, 0x6a, 0, 122, 0x5f],
  ['F16', 186, 0x6b, 0, 123, 0x55],
  ['F17', 187, 0x6c, 0, 124, 0xe003],
  ['F18', 188, 0x6d, 0, 125, 0xe077],
  ['F19', 189, 0x6e, 0, 126, 0xe004],
  ['F20', 190, 0x6f, 0, 115, 0x5a],
  ['F21', 191, 0x70, 0, 116, 0x74],
  ['F22', 192, 0x71, 0, 117, 0xe079],
  ['F23', 193, 0x72, 0, 118, 0x6d],
  ['F24', 194, 0x73, 0, 119, 0x6f],
  ['AudioVolumeMute', 113, 0x7f, 0, 112, 0xe020],
  ['AudioVolumeUp', 115, 0x80, 0, 113, 0xe030],
  ['AudioVolumeDown', 114, 0x81, 0, 114, 0xe02e],
  ['IntlRo', 89, 0x87, 0, 108, 0x73],
  ['KanaMode', 90, 0x88, 0, 109, 0x70],
  ['IntlYen', 124, 0x89, 0, 107, 0x7d],
  ['Convert', 92, 0x8a, 0, 110, 0x79],
  ['NonConvert', 94, 0x8b, 0, 111, 0x7b],
  ['ControlLeft', 29, 0xe0, 0x01, 77, 0x1d],
  ['ShiftLeft', 42, 0xe1, 0x02, 78, 0x2a],
  ['AltLeft', 56, 0xe2, 0x04, 79, 0x38],
  ['MetaLeft', 125, 0xe3, 0x08, 80, 0xe05b],
  ['ControlRight', 97, 0xe4, 0x10, 81, 0xe01d],
  ['ShiftRight', 54, 0xe5, 0x20, 82, 0x36],
  ['AltRight', 100, 0xe6, 0x40, 83, 0xe038],
  ['MetaRight', 126, 0xe7, 0x80, 84, 0xe05c],
] as const;

type Row = (typeof ROWS)[number];

/** A key of the table by its web name. */
export type TableKeyName = Row[0];

/** The codes of one key; see the columns of the table. */
export interface KeyCodes {
  readonly name: TableKeyName;
  readonly linux: number;
  readonly usage: number;
  /** Bit mask in the modifier byte; 0 for a key that is no modifier. */
  readonly modifier: number;
  readonly mcu: number;
  readonly set1: number;
}

/** All keys in the order of the table. */
export const KEYS: readonly KeyCodes[] = ROWS.map(([name, linux, usage, modifier, mcu, set1]) => ({
  name,
  linux,
  usage,
  modifier,
  mcu,
  set1,
}));

const byName = new Map<string, KeyCodes>(KEYS.map((key) => [key.name, key]));
const byLinux = new Map<number, KeyCodes>(KEYS.map((key) => [key.linux, key]));

/** The codes of a key of the table. */
export function keyCodes(name: TableKeyName): KeyCodes {
  const codes = byName.get(name);
  if (!codes) throw new RangeError(`${name} is not in the key table`);
  return codes;
}

/** The key of this web name (case-sensitive), or undefined for one that the table lacks. */
export function keyByName(name: string): KeyCodes | undefined {
  return byName.get(name);
}

/** The key of this Linux code, or undefined for one that the table lacks. */
export function keyByLinuxCode(code: number): KeyCodes | undefined {
  return byLinux.get(code);
}

/** Linux codes of the mouse buttons by PiKVM's names: `up` is BTN_BACK, `down` BTN_FORWARD. */
export const BUTTON_CODES = {
  left: 0x110,
  right: 0x111,
  middle: 0x112,
  up: 0x116,
  down: 0x115,
} as const;

/** A mouse button of the table. */
export type TableButton = keyof typeof BUTTON_CODES;

const buttonsByCode = new Map<number, TableButton>(
  (Object.entries(BUTTON_CODES) as [TableButton, number][]).map(([name, code]) => [code, name]),
);

/** The button of this Linux code (BTN_LEFT is 0x110), or undefined. */
export function buttonByLinuxCode(code: number): TableButton | undefined {
  return buttonsByCode.get(code);
}
