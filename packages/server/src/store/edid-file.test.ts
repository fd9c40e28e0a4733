import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { RECORDED_EDID } from '../../test/support/golden-switch.ts';
import { silentLog } from '../core/log.ts';
import { until } from '../core/state.ts';
import { EdidFile } from './edid-file.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex').toUpperCase();

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'edid-file-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

it('reads hexadecimal text with line ends, and plain bytes', async () => {
  const dir = await folder();
  await writeFile(join(dir, 'hex'), RECORDED_EDID.toLowerCase().replaceAll(/(.{32})/g, '$1\n'));
  await writeFile(join(dir, 'bin'), Buffer.from(RECORDED_EDID, 'hex'));
  for (const name of ['hex', 'bin']) {
    await using file = await EdidFile.open(join(dir, name), silentLog);
    expect(hex(file.edid.value)).toBe(RECORDED_EDID);
  }
});

it('follows a file that comes, is another one, and goes; nonsense changes nothing', async () => {
  const path = join(await folder(), 'edid');
  const warn = vi.fn();
  await using file = await EdidFile.open(path, { ...silentLog, warn }, 20);
  expect(file.edid.value).toHaveLength(0);
  const half = RECORDED_EDID.slice(0, 256);
  await writeFile(`${path}.hex`, half);
  await symlink(`${path}.hex`, path);
  await until(file.edid, (edid) => hex(edid) === half);
  await writeFile(`${path}.hex`, 'nonsense');
  await vi.waitFor(() => expect(warn).toHaveBeenCalledTimes(1), 10_000);
  expect(hex(file.edid.value)).toBe(half);
  await rm(path);
  await until(file.edid, (edid) => edid.length === 0);
}, 30_000);

it('has none without a path', async () => {
  await using file = await EdidFile.open('', silentLog);
  expect(file.edid.value).toHaveLength(0);
});
