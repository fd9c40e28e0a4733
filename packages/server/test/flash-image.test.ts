import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../src/core/state.ts';
import { ImageDirectory } from '../src/store/image-store.ts';
import { recordingLog } from './support/recording-log.ts';
import { MAIN } from './support/server-process.ts';
import { StateDirectory } from './support/state-directory.ts';

const MIB = 1024 * 1024;

let place: StateDirectory;
let storage: string;
let folder: string;
beforeEach(() => {
  place = new StateDirectory();
  storage = join(place.path, 'msd');
  folder = join(place.path, 'files');
  mkdirSync(storage);
  mkdirSync(folder);
});
afterEach(() => place[Symbol.asyncDispose]());

function start(...argv: readonly string[]) {
  const config = place.config('{}');
  const all = [MAIN, 'image', 'create', ...argv, '--state', place.path, '--config', config];
  return spawn(process.execPath, all, { stdio: ['ignore', 'ignore', 'pipe'] });
}

async function create(...argv: readonly string[]): Promise<void> {
  const child = start(...argv);
  let said = '';
  child.stderr.on('data', (piece) => {
    said += piece;
  });
  const [code] = await once(child, 'close');
  expect([code, said]).toEqual([0, '']);
}

const env = { ...process.env, MTOOLSRC: '/dev/null', LC_ALL: 'C.UTF-8' };
const output = (program: string, ...args: readonly string[]) =>
  execFileSync(program, args, { env, encoding: 'utf8' });
/** What a program finds wrong with the file system, which begins at 1 MiB. */
function check(image: string): string {
  const partition = join(place.path, 'partition');
  writeFileSync(partition, readFileSync(image).subarray(MIB));
  return output('fsck.vfat', '-n', '-v', partition);
}

it.each([34, 64, 300])('%i MiB are a disk with FAT32 for everybody', async (size) => {
  await create('a.img', '--size', `${size}M`);
  const image = join(storage, 'a.img');
  const { partitiontable: table } = JSON.parse(output('sfdisk', '--json', image));
  expect(table).toMatchObject({
    ...{ label: 'dos', unit: 'sectors', sectorsize: 512 },
    id: expect.stringMatching(/^0x[\da-f]{8}$/),
    partitions: [{ start: 2048, size: ((size - 1) * MIB) / 512, type: 'c' }],
  });
  expect(output('sfdisk', '--verify', image)).toMatch(/No errors detected/);
  const report = check(image);
  expect(report).toContain('2048 hidden sectors');
  expect(report).not.toMatch(/warning|differ|dirty|wrong/i);
  expect(statSync(image)).toMatchObject({ size: size * MIB, mode: 0o100644 });
  expect(statSync(image).blocks * 512).toBeLessThan(4 * MIB);
});

it('has the files of a folder, with their names, and its label', async () => {
  mkdirSync(join(folder, 'EFI/boot'), { recursive: true });
  mkdirSync(join(folder, 'empty'));
  const names = ['EFI/boot/Größe ½ of it.txt', '.hidden', 'sp ace', 'a long name with an end.txt'];
  for (const name of names) writeFileSync(join(folder, name), `in ${name}`);
  await create('sub/a.img', '--size', '64M', '--label', 'Install 12', '--from', folder);
  const image = join(storage, 'sub/a.img');
  const at = `${image}@@1M`;
  expect(output('mlabel', '-i', at, '-s', '::')).toContain('INSTALL 12');
  const listed = output('mdir', '-i', at, '-/', '-b', '-a', '::').trim().split('\n');
  const all = ['EFI/', 'EFI/boot/', 'empty/', ...names].map((name) => `::/${name}`);
  expect(listed.sort()).toEqual(all.sort());
  for (const name of names) expect(output('mtype', '-i', at, `::/${name}`)).toBe(`in ${name}`);
  expect(check(image)).toMatch(/partition: 8 files/);
});

/** Starts it, and resolves in the middle of the copy of a big file. */
async function copying(name: string) {
  writeFileSync(join(folder, 'big'), '');
  truncateSync(join(folder, 'big'), 1500 * MIB);
  const child = start(name, '--size', '1600M', '--from', folder);
  const unfinished = join(storage, dirname(name), `.${basename(name)}.upload`);
  await expect
    .poll(() => statSync(unfinished, { throwIfNoEntry: false })?.blocks ?? 0, { interval: 2 })
    .toBeGreaterThan((20 * MIB) / 512);
  return child;
}

it('is no image before it is whole', async () => {
  const child = await copying('a.img');
  const closed = once(child, 'close');
  child.kill('SIGSTOP');
  const options = { directory: storage, limit: 0, log: recordingLog() };
  await using images = await ImageDirectory.open(options);
  expect(images.state.value.images['a.img']).toMatchObject({ complete: false, size: 1600 * MIB });
  child.kill('SIGCONT');
  expect(await closed).toEqual([0, null]);
  await until(images.state, (state) => state.images['a.img']?.complete === true);
});

it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('leaves nothing after %s', async (signal) => {
  const child = await copying('new/a.img');
  let said = '';
  child.stderr.on('data', (piece) => {
    said += piece;
  });
  const closed = once(child, 'close');
  child.kill(signal);
  expect([await closed, said]).toEqual([[1, null], `Ended by ${signal}\n`]);
  expect(readdirSync(storage)).toEqual([]);
});
