import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BIOME = join(ROOT, 'node_modules/.bin/biome');

/** One import that each room may not make, and one that it may. */
const LAW = [
  ['protocols', 'node:fs', './other.ts'],
  ['protocols', '../core/state.ts', 'node:buffer'],
  ['platform', '../core/log.ts', 'node:fs/promises'],
  ['core', '../platform/files.ts', '../protocols/rfb.ts'],
  ['core', 'node:fs/promises', '@crashcart/api'],
  ['drivers', '../../frontends/http/server.ts', '../../platform/files.ts'],
  ['drivers', 'node:child_process', '../../core/state.ts'],
  ['video', '../drivers/qemu/streamer.ts', '../core/streamer.ts'],
  ['auth', '../frontends/http/server.ts', '../store/document.ts'],
  ['store', '../frontends/http/server.ts', '../platform/files.ts'],
  ['info', '../drivers/registry.ts', '../store/journal.ts'],
  ['frontends', '../../drivers/registry.ts', 'node:http'],
  ['frontends', '../../platform/files.ts', '../../auth/auth.ts'],
  ['config', '../platform/files.ts', '../drivers/registry.ts'],
  ['config', '../drivers/qemu/machine.ts', '../drivers/define.ts'],
  ['tls', '../core/machine.ts', 'node:net'],
];

let dir = '';
let report = '';

function plant(path: string, specifier: string | undefined): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), `import * as it from '${specifier}';\n\nexport const x = it;\n`);
}

const pathOf = (index: number, room: string | undefined, kind: string) => {
  const folder = room === 'drivers' || room === 'frontends' ? `${room}/planted` : room;
  return `packages/server/src/${folder}/${kind}-${index}.ts`;
};

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'crashcart-law-'));
  copyFileSync(join(ROOT, 'biome.json'), join(dir, 'biome.json'));
  LAW.forEach(([room, forbidden, allowed], index) => {
    plant(pathOf(index, room, 'forbidden'), forbidden);
    plant(pathOf(index, room, 'allowed'), allowed);
  });
  const args = ['lint', '--vcs-enabled=false', '--max-diagnostics=none', 'packages'];
  const result = spawnSync(BIOME, args, { cwd: dir, encoding: 'utf8' });
  report = result.stdout + result.stderr;
});
afterAll(() => {
  rmSync(dir, { recursive: true });
});

describe('import law', () => {
  it.each(LAW.map(([room, forbidden, allowed], index) => ({ room, forbidden, allowed, index })))(
    '$room may import $allowed and not $forbidden',
    ({ room, index }) => {
      expect(report).toContain(`${pathOf(index, room, 'forbidden')}:1`);
      expect(report).not.toContain(`${pathOf(index, room, 'allowed')}:1`);
    },
  );

  it('was looked at in the real sources', { timeout: 60_000 }, () => {
    const result = spawnSync(BIOME, ['lint', 'packages/server/src'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    const checked = /Checked (\d+) files/.exec(result.stdout + result.stderr)?.[1];
    expect(Number(checked)).toBeGreaterThan(50);
  });
});
