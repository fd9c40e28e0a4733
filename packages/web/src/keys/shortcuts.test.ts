import { expect, it, vi } from 'vitest';
import { keysWords } from './key-words.ts';
import {
  BOOT_SHORTCUTS,
  CONSOLE_SHORTCUTS,
  keepShortcut,
  ownShortcuts,
  readShortcuts,
  removeShortcut,
  SYSRQ_SHORTCUTS,
  USUAL_SHORTCUTS,
} from './shortcuts.ts';

it('has each of its shortcuts once', () => {
  const all = [USUAL_SHORTCUTS, CONSOLE_SHORTCUTS, BOOT_SHORTCUTS, SYSRQ_SHORTCUTS].flat();
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
});

it('names keys as people do', () => {
  expect(keysWords(['ControlLeft', 'AltLeft', 'Delete'])).toBe('Ctrl+Alt+Del');
  expect(keysWords(['MetaLeft', 'KeyL'])).toBe('Win+L');
  expect(keysWords(['ShiftLeft', 'Digit5'])).toBe('Shift+5');
  expect(keysWords(['Numpad7'])).toBe('Num 7');
});

it('keeps, changes and removes own ones, and brings a removed one back to its place', () => {
  keepShortcut({ id: 'a', name: 'Files', keys: ['MetaLeft', 'KeyE'] });
  keepShortcut({ id: 'b', name: ' ', keys: ['ControlLeft', 'KeyN'] });
  expect(ownShortcuts.value.map(({ name }) => name)).toEqual(['Files', 'Ctrl+N']);
  keepShortcut({ id: 'a', name: 'My files', keys: ['MetaLeft', 'KeyE'] });
  expect(ownShortcuts.value.map(({ name }) => name)).toEqual(['My files', 'Ctrl+N']);
  const undo = removeShortcut('a');
  expect(ownShortcuts.value.map(({ id }) => id)).toEqual(['b']);
  undo();
  expect(ownShortcuts.value.map(({ id }) => id)).toEqual(['a', 'b']);
});

it('takes from the browser only what is a shortcut', () => {
  const good = { id: 'a', name: 'A', keys: ['KeyA'] };
  const bad = [1, null, { ...good, keys: [] }, { ...good, keys: ['Nope'] }, { id: 'b' }];
  expect(readShortcuts(JSON.stringify([good, ...bad]))).toEqual([good]);
  expect(readShortcuts('{}')).toBeUndefined();
  expect(readShortcuts('[')).toBeUndefined();
});

it('has the kept ones again when the page is loaded anew', async () => {
  const kept = [{ id: 'a', name: 'A', keys: ['KeyA'] }];
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => (key === 'crashcart.shortcuts' ? JSON.stringify(kept) : null),
    setItem: () => undefined,
  });
  vi.resetModules();
  const again = await import('./shortcuts.ts');
  expect(again.ownShortcuts.value).toEqual(kept);
  vi.unstubAllGlobals();
});
