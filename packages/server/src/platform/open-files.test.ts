import { closeSync, mkdtempSync, openSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { programsWith } from './open-files.ts';
import { readSystemText } from './system-files.ts';

it('names who has a file open, by whichever name', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'open-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const [path, other] = [join(dir, 'file'), join(dir, 'other')];
  closeSync(openSync(path, 'w'));
  symlinkSync(path, other);
  expect(await programsWith(path)).toEqual([]);
  const fd = openSync(other, 'r');
  const name = (await readSystemText('/proc/self/comm'))?.trim();
  expect(await programsWith(path)).toEqual([`${name} (${process.pid})`]);
  closeSync(fd);
  expect(await programsWith(path)).toEqual([]);
});
