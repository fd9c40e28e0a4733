import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import {
  access,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { recordingLog } from '../../test/support/recording-log.ts';
import type { ImageStoreState } from '../core/image-store.ts';
import { until } from '../core/state.ts';
import { ImageDirectory } from './image-store.ts';

let directory: string;
let store: ImageDirectory;
const log = recordingLog();

async function reopen(limit = 0): Promise<void> {
  await store?.close();
  store = await ImageDirectory.open({ directory, limit, log });
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'images-'));
  log.messages.length = 0;
  await reopen();
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

/** Names with `!` before incomplete ones. */
function listed({ images } = store.state.value): string[] {
  const names = Object.entries(images).map(([name, { complete }]) =>
    complete ? name : `!${name}`,
  );
  return names.sort();
}

/** Waits until somebody else's change is seen. */
async function seen(passes: (state: ImageStoreState) => boolean): Promise<void> {
  await until(store.state, passes, AbortSignal.timeout(10_000));
}

async function put(name: string, text: string): Promise<void> {
  const writer = await store.create(name, text.length);
  await writer.write(Buffer.from(text));
  await writer.finish();
}

test('an image is listed at once: incomplete, then whole; its folder is made', async () => {
  const writer = await store.create('a/b/x.iso', 4);
  expect(listed()).toEqual(['!a/b/x.iso']);
  expect(store.state.value.images['a/b/x.iso']).toMatchObject({ size: 4, writable: false });
  await expect(access(join(directory, 'a/b/x.iso'))).rejects.toThrow('ENOENT');
  await writer.write(Buffer.from('data'));
  await writer.finish();
  expect(listed()).toEqual(['a/b/x.iso']);
  expect(await readFile(join(directory, 'a/b/x.iso'), 'utf8')).toBe('data');
  expect(await readdir(join(directory, 'a/b'))).toEqual(['x.iso']);
});

test('what ends unfinished stays as incomplete, or leaves nothing behind', async () => {
  const kept = await store.create('kept.img', 10);
  await kept.write(Buffer.from('half'));
  await kept.abandon({ keep: true });
  const gone = await store.create('new/folder/gone.img', 10);
  await gone.write(Buffer.from('half'));
  await gone.abandon({ keep: false });
  expect(listed()).toEqual(['!kept.img']);
  expect(await readdir(directory)).toEqual(['.kept.img.upload']);
  await reopen();
  expect(listed()).toEqual(['!kept.img']);
  await put('kept.img', 'whole');
  expect(listed()).toEqual(['kept.img']);
});

test('an existing image is never written to, also one that comes in the middle', async () => {
  await put('x.img', 'mine');
  await expect(store.create('x.img', 1)).rejects.toMatchObject({ name: 'MsdImageExistsError' });
  const writer = await store.create('y.img', 3);
  await writer.write(Buffer.from('net'));
  await writeFile(join(directory, 'y.img'), 'by hand');
  await expect(writer.finish()).rejects.toMatchObject({ name: 'MsdImageExistsError' });
  await writer.abandon({ keep: false });
  expect(await readFile(join(directory, 'y.img'), 'utf8')).toBe('by hand');
  expect(await readdir(directory)).toEqual(['x.img', 'y.img']);
});

test('a crash in the middle of publishing is put right', async () => {
  await writeFile(join(directory, 'x.img'), 'whole');
  await link(join(directory, 'x.img'), join(directory, '.x.img.upload'));
  await reopen();
  expect(listed()).toEqual(['x.img']);
  expect(await readdir(directory)).toEqual(['x.img']);
});

test('sees what people do in the directory', async () => {
  await mkdir(join(directory, 'deep/er'), { recursive: true });
  await writeFile(join(directory, 'deep/er/by-hand.iso'), 'x');
  await seen(({ images }) => 'deep/er/by-hand.iso' in images);
  await writeFile(join(directory, 'deep/er/by-hand.iso'), 'longer');
  await seen(({ images }) => images['deep/er/by-hand.iso']?.size === 6);
  await rename(join(directory, 'deep'), join(directory, 'moved'));
  await seen(({ images }) => 'moved/er/by-hand.iso' in images);
  expect(listed()).toEqual(['moved/er/by-hand.iso']);
  await rm(join(directory, 'moved'), { recursive: true });
  await seen(({ images }) => Object.keys(images).length === 0);
});

test('what is no image is not listed', async () => {
  await mkdir(join(directory, 'lost+found'));
  await writeFile(join(directory, 'lost+found/x'), '');
  await mkdir(join(directory, '.trash'));
  await writeFile(join(directory, '.trash/x'), '');
  await writeFile(join(directory, '.hidden'), '');
  await writeFile(join(directory, 'bad\nname.iso'), '');
  await symlink('/', join(directory, 'root'));
  await symlink('/nowhere', join(directory, 'dangling'));
  spawnSync('mkfifo', [join(directory, 'pipe')]);
  await writeFile(join(directory, 'real.iso'), '');
  await symlink(join(directory, 'real.iso'), join(directory, 'link.iso'));
  await reopen();
  expect(listed()).toEqual(['link.iso', 'real.iso']);
  expect(log.messages).toEqual(['warn This name cannot be used for an image; rename the file']);
});

test('a folder that is a link leads nothing out of the directory', async () => {
  const outside = mkdtempSync(join(tmpdir(), 'outside-'));
  await symlink(outside, join(directory, 'way-out'));
  await expect(store.create('way-out/x.img', 1)).rejects.toMatchObject({ kind: 'invalid' });
  await expect(store.create('way-out/deep/x.img', 1)).rejects.toMatchObject({ kind: 'invalid' });
  expect(await readdir(outside)).toEqual([]);
  await rm(outside, { recursive: true });
});

test('a limit counts all images, also those that come', async () => {
  await reopen(100);
  await put('a.img', 'x'.repeat(40));
  expect(store.state.value.parts['']).toMatchObject({ size: 100, free: 60 });
  const writer = await store.create('b.img', 50);
  expect(store.state.value.parts['']).toMatchObject({ free: 10 });
  await expect(store.create('c.img', 11)).rejects.toMatchObject({
    name: 'MsdStorageFullError',
    message: 'The storage has room for 10 bytes, the image has 11',
  });
  await writer.abandon({ keep: false });
  expect(store.state.value.parts['']).toMatchObject({ free: 60 });
  expect(await readdir(directory)).toEqual(['a.img']);
});

test('an image in use is neither removed nor replaced', async () => {
  await put('x.img', 'data');
  const busy = { name: 'MsdIsBusyError' };
  const release = store.hold('x.img', 'read');
  store.hold('x.img', 'read')();
  await expect(store.remove('x.img')).rejects.toMatchObject(busy);
  expect(() => store.hold('x.img', 'write')).toThrow('in use');
  release();
  release();
  const writer = await store.create('y.img', 1);
  await expect(store.create('y.img', 1)).rejects.toMatchObject(busy);
  await expect(store.remove('y.img')).rejects.toMatchObject(busy);
  await writer.abandon({ keep: true });
  await store.remove('y.img');
  await store.remove('x.img');
  await expect(store.remove('x.img')).rejects.toMatchObject({ name: 'MsdUnknownImageError' });
  expect(await readdir(directory)).toEqual([]);
});

test('reading ends with an error when the file becomes shorter', async () => {
  await put('x.img', 'x'.repeat(1_000_000));
  const reader = await store.open('x.img');
  const chunks = reader.chunks();
  await chunks.next();
  await writeFile(join(directory, 'x.img'), '');
  await expect(chunks.next()).rejects.toThrow('became shorter');
});

test('a directory that is taken away is empty, and comes back', async () => {
  await put('x.img', 'data');
  await rm(directory, { recursive: true });
  await seen(({ images }) => Object.keys(images).length === 0);
  await put('y.img', 'data');
  expect(listed()).toEqual(['y.img']);
});

test('names are those of the kernel, also when the way to the directory has a link', async () => {
  await put('x.img', 'data');
  const way = `${directory}-way`;
  await symlink(directory, way);
  await mkdir(join(directory, 'images'));
  await using linked = await ImageDirectory.open({ directory: join(way, 'images'), limit: 0, log });
  await rm(way);
  expect(linked.pathOf('y.img')).toBe(join(directory, 'images/y.img'));
  expect(linked.nameOf(join(directory, 'images/y.img'))).toBe('y.img');
});
