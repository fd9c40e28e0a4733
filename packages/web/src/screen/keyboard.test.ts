import type { KeyName } from '@crashcart/api';
import { describe, expect, it } from 'vitest';
import { Keyboard, keyNameOf } from './keyboard.ts';

function keyboardOf({
  mac = false,
  windows = false,
  hostKey = 'ControlRight' as KeyName,
  swapCtrlCaps = false,
} = {}) {
  const told: string[] = [];
  const keyboard = new Keyboard(
    {
      send: (key, state) => told.push(`${state ? '+' : '-'}${key}`),
      giveBack: () => told.push('give back'),
      hostAct: (key) => told.push(`host ${key}`),
    },
    () => ({ mac, windows, hostKey, swapCtrlCaps }),
  );
  return { keyboard, told };
}

const key = (code: string, repeat = false) => ({ code, key: '', repeat });

describe('Keyboard', () => {
  it('tells each press once, whatever the browser repeats', () => {
    const { keyboard, told } = keyboardOf();
    keyboard.press(key('KeyA'));
    keyboard.press(key('KeyA', true));
    keyboard.press(key('KeyA'));
    keyboard.release(key('KeyA'));
    expect(told).toEqual(['+KeyA', '-KeyA']);
  });

  it('does not tell the release of a key whose press it did not tell', () => {
    const { keyboard, told } = keyboardOf();
    keyboard.release(key('Enter'));
    expect(told).toEqual([]);
  });

  it('gives the keyboard back when the host key was pressed alone, and never sends it', () => {
    const { keyboard, told } = keyboardOf();
    keyboard.press(key('ControlRight'));
    keyboard.release(key('ControlRight'));
    expect(told).toEqual(['give back']);
  });

  it('keeps the keyboard after a shortcut of the host key', () => {
    const { keyboard, told } = keyboardOf();
    keyboard.press(key('ControlRight'));
    keyboard.press(key('Delete'));
    keyboard.release(key('Delete'));
    keyboard.release(key('ControlRight'));
    expect(told).toEqual(['host Delete']);
  });

  it('releases everything, the last pressed first, and says whether there was something', () => {
    const { keyboard, told } = keyboardOf();
    keyboard.press(key('ShiftLeft'));
    keyboard.press(key('KeyB'));
    expect(keyboard.releaseAll()).toBe(true);
    expect(told.slice(2)).toEqual(['-KeyB', '-ShiftLeft']);
    expect(keyboard.releaseAll()).toBe(false);
  });

  it('takes the left Ctrl back that Windows tells with AltGr', () => {
    const { keyboard, told } = keyboardOf({ windows: true });
    keyboard.press(key('ControlLeft'));
    keyboard.press({ code: 'AltRight', key: 'AltGraph', repeat: false });
    keyboard.release(key('ControlLeft'));
    expect(told).toEqual(['+ControlLeft', '-ControlLeft', '+AltRight']);
  });

  it('swaps left Ctrl and Caps Lock, also for the Ctrl that Windows tells with AltGr', () => {
    const { keyboard, told } = keyboardOf({ windows: true, swapCtrlCaps: true });
    keyboard.press(key('CapsLock'));
    keyboard.release(key('CapsLock'));
    expect(told).toEqual(['+ControlLeft', '-ControlLeft']);
    keyboard.press(key('ControlLeft'));
    keyboard.press({ code: 'AltRight', key: 'AltGraph', repeat: false });
    expect(told.slice(2)).toEqual([
      ...['+CapsLock', '-CapsLock', '+CapsLock', '-CapsLock'],
      '+AltRight',
    ]);
  });

  it('releases everything with Cmd on macOS, which hides the other releases', () => {
    const { keyboard, told } = keyboardOf({ mac: true });
    keyboard.press(key('MetaLeft'));
    keyboard.press(key('KeyC'));
    keyboard.release(key('MetaLeft'));
    expect(told).toEqual(['+MetaLeft', '+KeyC', '-KeyC', '-MetaLeft']);
  });
});

it('tells the keys apart that macOS swaps on ISO keyboards', () => {
  expect(keyNameOf({ code: 'IntlBackslash', key: '`', repeat: false })).toBe('Backquote');
  expect(keyNameOf({ code: 'Backquote', key: '§', repeat: false })).toBe('IntlBackslash');
  expect(keyNameOf({ code: 'IntlBackslash', key: '<', repeat: false })).toBe('IntlBackslash');
  expect(keyNameOf({ code: 'BrowserBack', key: '', repeat: false })).toBeUndefined();
});
