import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { NO_SWITCH_SETTINGS, type SwitchSettings } from '../core/switch-settings.ts';
import { BrokenDocumentError } from './document.ts';
import { openSwitchSettings } from './switch-settings.ts';

async function file(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'switch-settings-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return join(path, 'switch.json');
}

const SETTINGS: SwitchSettings = {
  edids: { a: { name: 'Mine', data: '00' } },
  ports: { 3: { name: 'web', edid: 'a', dummy: false, delays: { reset: 1 } } },
  colors: { active: { red: 1, green: 2, blue: 3, brightness: 4, blink_ms: 500 } },
};

it('gives again what was saved', async () => {
  const path = await file();
  const store = await openSwitchSettings(path);
  expect(store.value).toEqual(NO_SWITCH_SETTINGS);
  await store.save(SETTINGS);
  expect((await openSwitchSettings(path)).value).toEqual(SETTINGS);
});

it('keeps a damaged file aside and says so', async () => {
  const path = await file();
  await writeFile(path, '{"edids": 1}');
  await expect(openSwitchSettings(path)).rejects.toThrow(BrokenDocumentError);
  expect((await openSwitchSettings(path)).value).toEqual(NO_SWITCH_SETTINGS);
});

it('rejects when the folder has vanished', async () => {
  const path = await file();
  const store = await openSwitchSettings(join(path, 'gone', 'switch.json'));
  await expect(store.save(SETTINGS)).rejects.toThrow('ENOENT');
});
