import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { recordingLog } from '../../test/support/recording-log.ts';
import { ImageDirectory } from './image-store.ts';
import { RemountedImages } from './remounted-images.ts';
import { StorageMount } from './storage-mount.ts';

let directory: string;
let images: ImageDirectory;
let remounted: RemountedImages;
let mount: StorageMount;
const log = recordingLog();

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'remount-'));
  log.messages.length = 0;
  images = await ImageDirectory.open({ directory: join(directory, 'msd'), limit: 0, log });
  const script = `echo $0 >> ${directory}/modes; test ! -e ${directory}/no-$0 || { echo nope; exit 3; }`;
  mount = new StorageMount(['/bin/sh', '-c', script, '{mode}'], log);
  remounted = new RemountedImages(images, mount);
});
afterEach(async () => {
  await remounted.close();
  await images.close();
  rmSync(directory, { recursive: true });
});

/** What the storage was made, in order, when all is quiet. */
async function modes(): Promise<string> {
  await mount.idle();
  const file = join(directory, 'modes');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').join(' ').trim() : '';
}

const forbid = (mode: string) => writeFileSync(join(directory, `no-${mode}`), '');
const allow = (mode: string) => rmSync(join(directory, `no-${mode}`));
const failure = expect.objectContaining({
  name: 'MsdStorageReadOnlyError',
  message: 'The storage could not be made writable: /bin/sh ended with 3: nope',
});

test('is writable while an image comes, and when one goes', async () => {
  const writer = await remounted.create('x.img', 1);
  await writer.write(Buffer.from('x'));
  expect(await modes()).toBe('rw');
  await writer.finish();
  expect(await modes()).toBe('rw ro');
  await (await remounted.create('y.img', 1)).abandon({ keep: false });
  expect(await modes()).toBe('rw ro rw ro');
  await remounted.remove('x.img');
  expect(await modes()).toBe('rw ro rw ro rw ro');
  await expect(remounted.remove('x.img')).rejects.toThrow('not found');
  expect(await modes()).toBe('rw ro rw ro rw ro rw ro');
});

test('stays writable until the last one lets go', async () => {
  const protect = await remounted.makeWritable();
  await (await remounted.create('x.img', 0)).finish();
  expect(await modes()).toBe('rw');
  protect();
  protect();
  expect(await modes()).toBe('rw ro');
});

test('one that comes while the last one goes finds it writable', async () => {
  const protect = await remounted.makeWritable();
  protect();
  const again = await remounted.makeWritable();
  expect(await modes()).toBe('rw');
  again();
  expect(await modes()).toBe('rw ro');
});

test('what fails leaves nothing behind, and the next one tries again', async () => {
  forbid('rw');
  await expect(remounted.create('x.img', 1)).rejects.toEqual(failure);
  await expect(remounted.remove('x.img')).rejects.toEqual(failure);
  await expect(remounted.makeWritable()).rejects.toEqual(failure);
  expect(await modes()).toBe('rw rw rw');
  expect(images.state.value.images).toEqual({});
  allow('rw');
  forbid('ro');
  await (await remounted.create('x.img', 0)).finish();
  expect(await modes()).toBe('rw rw rw rw ro');
  expect(log.messages).toContain('warn The storage could not be made read-only again');
  await remounted.remove('x.img');
  expect(await modes()).toBe('rw rw rw rw ro ro');
});

test('an existing image is refused, and the storage protected', async () => {
  await (await remounted.create('x.img', 0)).finish();
  await expect(remounted.create('x.img', 0)).rejects.toThrow('exists');
  expect(await modes()).toBe('rw ro rw ro');
});

/** A file system of its own; undefined where this user may not mount. */
function mountTmpfs(): string | undefined {
  const path = mkdtempSync(join(tmpdir(), 'remount-real-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path]);
  if (mounted.status === 0) return path;
  rmSync(path, { recursive: true });
  return undefined;
}

const real = mountTmpfs();
afterAll(() => {
  if (real !== undefined) spawnSync('umount', ['-l', real]);
});

test.skipIf(real === undefined)('a file system is really read-only between writes', async () => {
  const place = real ?? '';
  spawnSync('mount', ['-o', 'remount,ro', place]);
  const command = ['/bin/mount', '-o', 'remount,{mode}', place] as const;
  await using there = await ImageDirectory.open({ directory: place, limit: 0, log });
  await expect(there.create('x.img', 1)).rejects.toThrow('cannot be written');
  const kept = new StorageMount(command, log);
  const store = new RemountedImages(there, kept);
  const writer = await store.create('x.img', 1);
  await writer.write(Buffer.from('x'));
  await writer.finish();
  await store.close();
  expect(there.state.value.images).toHaveProperty(['x.img', 'complete'], true);
  expect(() => writeFileSync(join(place, 'y'), '')).toThrow('EROFS');
});

test('what is read-only only now is told as writable; other file systems as they are', () => {
  const image = { complete: true, removable: false, writable: true, size: 1, mod_ts: 1 };
  const part = { size: 1, free: 1, writable: false };
  const state = {
    images: { 'a.img': image, 'sub/b.img': image, 'nas/c.img': image },
    parts: { '': part, nas: part },
  };
  const store = { ...images, state: { value: state, subscribe: () => () => undefined } };
  const told = new RemountedImages(store as never, mount).state.value;
  expect(told.parts).toEqual({ '': { ...part, writable: true }, nas: part });
  expect(told.images).toEqual({
    'a.img': { ...image, removable: true },
    'sub/b.img': { ...image, removable: true },
    'nas/c.img': image,
  });
});
