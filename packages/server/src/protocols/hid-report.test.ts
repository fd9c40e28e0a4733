import { describe, expect, test } from 'vitest';
import { BootKeyboard } from './boot-keyboard.ts';
import { HidMouse } from './hid-mouse.ts';
import { absoluteCoordinate, decodeKeyboardLeds } from './hid-report.ts';
import { KEYS, keyCodes, type TableKeyName } from './keys.ts';

const hex = (reports: readonly Uint8Array[]) =>
  reports.map((one) => Buffer.from(one).toString('hex'));

describe('a boot keyboard', () => {
  const press = (keyboard: BootKeyboard, ...keys: readonly TableKeyName[]) =>
    keys.flatMap((key) => hex(keyboard.event(keyCodes(key), true)));
  const release = (keyboard: BootKeyboard, key: TableKeyName) =>
    hex(keyboard.event(keyCodes(key), false));

  test('keeps each key in its slot, and leaves a hole where one went up', () => {
    const keyboard = new BootKeyboard();
    expect(press(keyboard, 'KeyA', 'KeyS')).toEqual(['0000040000000000', '0000041600000000']);
    expect(release(keyboard, 'KeyA')).toEqual(['0000001600000000']);
    expect(press(keyboard, 'KeyD')).toEqual(['0000071600000000']);
  });

  test('a modifier is a bit beside the slots', () => {
    const keyboard = new BootKeyboard();
    expect(press(keyboard, 'ControlLeft', 'AltRight', 'Delete')).toEqual([
      ...['0100000000000000', '4100000000000000', '41004c0000000000'],
    ]);
    expect(release(keyboard, 'ControlLeft')).toEqual(['40004c0000000000']);
  });

  test('a seventh key lets the six go first, the modifiers not', () => {
    const keyboard = new BootKeyboard();
    press(keyboard, 'ShiftLeft', 'KeyA', 'KeyS', 'KeyD', 'KeyF', 'KeyG', 'KeyH');
    expect(press(keyboard, 'KeyJ')).toEqual(['0200000000000000', '02000d0000000000']);
    expect(release(keyboard, 'KeyA')).toEqual([]);
  });

  test('what is down already is pressed anew, what is up stays silent', () => {
    const keyboard = new BootKeyboard();
    press(keyboard, 'KeyA', 'ShiftLeft');
    expect(press(keyboard, 'KeyA')).toEqual(['0200000000000000', '0200040000000000']);
    expect(press(keyboard, 'ShiftLeft')).toEqual(['0000040000000000', '0200040000000000']);
    expect(release(keyboard, 'KeyB')).toEqual([]);
    expect(hex([keyboard.clear()])).toEqual(['0000000000000000']);
    expect(release(keyboard, 'KeyA')).toEqual([]);
  });

  test('whatever is pressed and released, all up is an empty report', () => {
    const keyboard = new BootKeyboard();
    for (const codes of KEYS) keyboard.event(codes, true);
    const last = KEYS.flatMap((codes) => keyboard.event(codes, false)).at(-1);
    expect(hex(last ? [last] : [])).toEqual(['0000000000000000']);
  });

  test('knows its lights', () => {
    expect(decodeKeyboardLeds(0)).toEqual({ num: false, caps: false, scroll: false });
    expect(decodeKeyboardLeds(2)).toEqual({ num: false, caps: true, scroll: false });
    expect(decodeKeyboardLeds(5)).toEqual({ num: true, caps: false, scroll: true });
  });
});

describe('a mouse', () => {
  test('that is absolute says its place in every report', () => {
    const mouse = new HidMouse({ kind: 'absolute', horizontalWheel: true });
    expect(hex([mouse.move(16, -1)])).toEqual(['000740ff3f0000']);
    expect(hex(mouse.button('right', true))).toEqual(['020740ff3f0000']);
    expect(hex([mouse.wheel(127, -127), mouse.clear()])).toEqual([
      ...['020740ff3f817f', '000740ff3f0000'],
    ]);
  });

  test('that is relative says each step once', () => {
    const mouse = new HidMouse({ kind: 'relative', horizontalWheel: true });
    expect(hex([mouse.moveBy(127, -127), mouse.wheel(1, 5)])).toEqual(['007f810000', '0000000501']);
    expect(hex(mouse.button('down', true))).toEqual(['1000000000']);
    expect(hex(mouse.button('down', true))).toEqual(['0000000000', '1000000000']);
    expect(hex(mouse.button('left', false))).toEqual([]);
  });

  test('without the horizontal wheel has shorter reports', () => {
    const absolute = new HidMouse({ kind: 'absolute', horizontalWheel: false });
    const relative = new HidMouse({ kind: 'relative', horizontalWheel: false });
    expect(hex([absolute.wheel(3, 1), relative.wheel(3, 1)])).toEqual(['000000000001', '00000001']);
  });

  test('reaches both ends, twice as far for Windows 98', () => {
    const mouse = new HidMouse({ kind: 'absolute', horizontalWheel: true });
    expect([-32_768, 0, 32_767].map(absoluteCoordinate)).toEqual([0, 0x3fff, 0x7fff]);
    expect(hex([mouse.move(32_767, -32_768, true)])).toEqual(['00feff00000000']);
  });
});
