import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureDir, listFiles, readText, writeFileAtomic } from './files.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'crashcart-files-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

describe('writeFileAtomic', () => {
  it('replaces the content, sets the mode whatever the umask, and leaves nothing else', async () => {
    const path = join(dir, 'a.json');
    await writeFile(path, 'old', { mode: 0o644 });
    await writeFileAtomic(path, 'new', { mode: 0o606 });
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await stat(path)).mode & 0o777).toBe(0o606);
    expect(await readdir(dir)).toEqual(['a.json']);
  });

  it('is private unless told otherwise', async () => {
    await writeFileAtomic(join(dir, 'a'), new Uint8Array([1]));
    expect((await stat(join(dir, 'a'))).mode & 0o777).toBe(0o600);
  });

  it('leaves nothing behind when the target cannot be replaced', async () => {
    await ensureDir(join(dir, 'is-a-dir', 'x'));
    await expect(writeFileAtomic(join(dir, 'is-a-dir'), 'x')).rejects.toThrow(/EISDIR|ENOTEMPTY/);
    expect(await readdir(dir)).toEqual(['is-a-dir']);
  });

  it('keeps one whole content when many write at once', async () => {
    const path = join(dir, 'a');
    const contents = Array.from({ length: 20 }, (_, i) => `${i}`.repeat(10_000));
    await Promise.all(contents.map((content) => writeFileAtomic(path, content)));
    expect(contents).toContain(await readText(path));
  });
});

describe('readText', () => {
  it('knows a missing file from an unreadable one', async () => {
    expect(await readText(join(dir, 'no'))).toBeUndefined();
    await expect(readText(dir)).rejects.toThrow('EISDIR');
  });

  it('refuses bytes that are not UTF-8', async () => {
    await writeFile(join(dir, 'bad'), new Uint8Array([0xff, 0xfe]));
    await expect(readText(join(dir, 'bad'))).rejects.toThrow('is not valid UTF-8');
  });
});

describe('listFiles', () => {
  it('lists files and links in plain order, directories not', async () => {
    for (const name of ['b.yaml', 'B', '.hidden']) await writeFile(join(dir, name), '');
    await symlink('b.yaml', join(dir, 'a-link'));
    await ensureDir(join(dir, 'sub'));
    expect(await listFiles(dir)).toEqual(['.hidden', 'B', 'a-link', 'b.yaml']);
    expect(await listFiles(join(dir, 'nowhere'))).toBeUndefined();
  });
});
