import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initramfsOf } from './initramfs.ts';

/** Debian's keymaps of the console, and what makes them binary; unpacked, never installed. */
const PACKAGES = ['console-data', 'kbd'];
const KEYMAPS = {
  us: 'qwerty/us',
  de: 'qwertz/de-latin1-nodeadkeys',
  fr: 'azerty/fr-latin9',
};

/**
 * An archive beside the test guest's own: there, `kmap de` gives its console the German layout, as
 * an administrator does on a machine without a desktop. Debian's tables, not ours.
 */
export function consoleKeymaps() {
  const folder = mkdtempSync(join(tmpdir(), 'cc-keymaps-'));
  try {
    execFileSync('apt-get', ['download', '-q', ...PACKAGES], { cwd: folder, stdio: 'pipe' });
    const debs = readdirSync(folder);
    for (const deb of debs) execFileSync('dpkg', ['-x', deb, 'debian'], { cwd: folder });
    const tree = join(folder, 'tree');
    mkdirSync(join(tree, 'keymaps'), { recursive: true });
    mkdirSync(join(tree, 'bin'));
    for (const [name, path] of Object.entries(KEYMAPS)) {
      const source = join(folder, 'debian/usr/share/keymaps/i386', `${path}.kmap.gz`);
      const argv = ['--unicode', '--bkeymap', source];
      const table = execFileSync(join(folder, 'debian/bin/loadkeys'), argv, { stdio: 'pipe' });
      writeFileSync(join(tree, 'keymaps', name), table);
    }
    const script = '#!/bin/sh\nloadkmap < /keymaps/$1\n';
    writeFileSync(join(tree, 'bin/kmap'), script, { mode: 0o755 });
    return initramfsOf(tree);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
