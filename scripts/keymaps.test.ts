import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KEYMAP_NAMES } from '../packages/server/src/protocols/keymaps.ts';
import { LAYOUTS, makeKeymaps } from './keymaps.mjs';
import { missingPackages } from './setup.mjs';

const SOURCES = ['xkb-data', 'libx11-data', 'libxkbcommon-tools', 'x11proto-dev'];
const missing = missingPackages(SOURCES);
const made = missing.length === 0 ? makeKeymaps() : [];
const versionsIn = (text: string) => /of (xkb-data \S+, .*)\. \*\/$/m.exec(text)?.[1];
const committed = made.map(([path]) => readFileSync(path, 'utf8'));
const isSame = versionsIn(made[0]?.[1] ?? '') === versionsIn(committed[0] ?? '');

describe('the keyboard layouts', () => {
  it('are those that the server offers', () => {
    expect(Object.keys(LAYOUTS)).toEqual(KEYMAP_NAMES);
  });

  // Another release of Debian has other layouts.
  it.runIf(isSame)('are what the script makes of the same sources', () => {
    expect(made).toHaveLength(36);
    for (const [index, [, text]] of made.entries()) expect(committed[index]).toBe(text);
  });
});
