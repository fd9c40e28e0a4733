import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { kernelConfigfs } from './configfs.ts';
import { loadKernelModule } from './kernel-module.ts';

function directory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'configfs-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

it('makes, links, lists and removes', async () => {
  const dir = directory();
  const object = join(dir, 'b');
  await kernelConfigfs.makeDir(object);
  await kernelConfigfs.link(object, join(dir, 'a'));
  expect(await kernelConfigfs.list(dir)).toEqual(['a', 'b']);
  expect(await kernelConfigfs.isLink(join(dir, 'a'))).toBe(true);
  expect(await kernelConfigfs.isLink(object)).toBe(false);
  expect(await kernelConfigfs.isLink(join(dir, 'c'))).toBe(false);
  await kernelConfigfs.unlink(join(dir, 'a'));
  await kernelConfigfs.removeDir(object);
  expect(await kernelConfigfs.list(dir)).toEqual([]);
  expect(await kernelConfigfs.list(object)).toBeUndefined();
  await expect(kernelConfigfs.makeDir(join(object, 'x'))).rejects.toThrow('ENOENT');
});

it('writes only what is there, and reads bytes', async () => {
  const dir = directory();
  const path = join(dir, 'attribute');
  await expect(kernelConfigfs.write(path, '1')).rejects.toMatchObject({
    ...{ code: 'ENOENT', syscall: 'open' },
  });
  expect(await kernelConfigfs.read(path)).toBeUndefined();
  expect(await kernelConfigfs.read(dir)).toBeUndefined();
  writeFileSync(path, 'longer');
  await kernelConfigfs.write(path, Uint8Array.of(0xff, 0));
  expect(readFileSync(path)).toEqual(Buffer.of(0xff, 0));
  expect(await kernelConfigfs.read(path)).toEqual(Buffer.of(0xff, 0));
  const { uid, gid } = statSync(path);
  await kernelConfigfs.own(path, { uid, gid });
  await expect(kernelConfigfs.own(join(dir, 'x'), { uid, gid })).rejects.toThrow('ENOENT');
});

it('says why a module cannot be loaded', async () => {
  const { signal } = new AbortController();
  const reason = await loadKernelModule('no_module_has_this_name', signal);
  expect(reason).toMatch(/not found|not installed|No such|no_module_has_this_name/);
});
