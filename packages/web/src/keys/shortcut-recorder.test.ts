import { expect, it } from 'vitest';
import { ShortcutRecorder } from './shortcut-recorder.ts';

const key = (code: string, repeat = false) => ({ code, key: '', repeat });
const recorder = (of = { mac: false, windows: false }) => new ShortcutRecorder(of);

it('notes keys in the order of their presses and is done when all are up', () => {
  const it = recorder();
  it.press(key('ControlLeft'));
  it.press(key('ShiftLeft'));
  it.press(key('Escape'));
  it.press(key('Escape', true));
  expect(it.release(key('ControlLeft'))).toBe(false);
  expect(it.release(key('Escape'))).toBe(false);
  expect(it.release(key('ShiftLeft'))).toBe(true);
  expect(it.keys).toEqual(['ControlLeft', 'ShiftLeft', 'Escape']);
});

it('drops what was let go before the last press', () => {
  const it = recorder();
  it.press(key('ControlLeft'));
  it.press(key('KeyA'));
  it.release(key('KeyA'));
  it.press(key('KeyB'));
  it.release(key('KeyB'));
  expect(it.release(key('ControlLeft'))).toBe(true);
  expect(it.keys).toEqual(['ControlLeft', 'KeyB']);
});

it('is not done by the release of the key that began the recording', () => {
  const it = recorder();
  expect(it.release(key('Enter'))).toBe(false);
  it.press(key('Tab'));
  expect(it.release(key('Enter'))).toBe(false);
  expect(it.release(key('Tab'))).toBe(true);
});

it('knows AltGr on Windows and Cmd on macOS', () => {
  const windows = recorder({ mac: false, windows: true });
  windows.press(key('ControlLeft'));
  windows.press({ code: 'AltRight', key: 'AltGraph', repeat: false });
  windows.press(key('KeyQ'));
  expect(windows.keys).toEqual(['AltRight', 'KeyQ']);
  const mac = recorder({ mac: true, windows: false });
  mac.press(key('MetaLeft'));
  mac.press(key('KeyC'));
  expect(mac.release(key('MetaLeft'))).toBe(true);
});
