import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAX_LINES = 500;
/** Tables may be as long as what they list. */
const TABLES = /(^|\/)(keys|keysyms|keymap)[^/]*\.ts$|\.golden\.ts$/;

const git = spawnSync('git', ['ls-files', '-co', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
});
const FILES = git.stdout.split('\n').filter((name) => name && existsSync(join(ROOT, name)));
const read = (name: string) => readFileSync(join(ROOT, name), 'utf8');
const SOURCES = FILES.filter((name) => /\.(ts|tsx|mjs|css)$/.test(name));

describe('house rules', () => {
  it('look at the whole project', () => {
    expect(SOURCES.length).toBeGreaterThan(50);
  });

  it(`keep a file within ${MAX_LINES} lines`, () => {
    const long = SOURCES.filter((name) => !TABLES.test(name)).filter(
      (name) => read(name).split('\n').length > MAX_LINES + 1,
    );
    expect(long).toEqual([]);
  });

  it('link signals by anySignal: AbortSignal.any leaks, and loses timeouts', () => {
    const linked = SOURCES.filter((name) => /^packages\/server\/src\//.test(name)).filter((name) =>
      read(name).includes('AbortSignal.any('),
    );
    expect(linked).toEqual([]);
  });

  it('name no registry: where packages come from is the business of who installs', () => {
    const named = FILES.filter((name) => /\.(json|npmrc|ts|mjs|md)$|^\.ci\//.test(name)).filter(
      (name) => /registry\.(npmjs|yarnpkg)\.|"resolved": "https?:|^registry=/m.test(read(name)),
    );
    expect(named).toEqual([]);
  });
});
