import { mkdtempSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KvmError, msdState } from '@crashcart/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeMsdDriver } from '../../test/fakes/fake-msd-driver.ts';
import { RangeServer } from '../../test/support/range-server.ts';
import { DisabledMsd } from '../drivers/disabled/msd.ts';
import { ImageDirectory } from '../store/image-store.ts';
import { LinkedImages } from '../store/links/linked-images.ts';
import { silentLog } from './log.ts';
import { Msd, type MsdOptions } from './msd.ts';
import { until } from './state.ts';

let directory: string;
let images: ImageDirectory;
let driver: FakeMsdDriver;
let msd: Msd;

const noPorts: Pick<MsdOptions, 'openRemote' | 'pack'> = {
  openRemote: () => Promise.reject(new Error('no remote')),
  pack: () => Promise.reject(new Error('no packer')),
};
const make = (given: Partial<MsdOptions> = {}) =>
  new Msd({ driver, images, log: silentLog, ...noPorts, ...given });

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'msd-'));
  for (const name of ['cd.iso', 'flash.img']) await writeFile(join(directory, name), name);
  images = await ImageDirectory.open({ directory, limit: 0, log: silentLog });
  driver = new FakeMsdDriver();
  msd = make();
});
afterEach(async () => {
  await msd.close();
  await images.close();
  await rm(directory, { recursive: true });
});

const named = (name: string) => expect.objectContaining({ name });
const drive = () => msd.state.value.drive;

async function* chunksOf(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

/** An upload that ends when the test says so. */
function upload(name: string) {
  let send = (_text: string) => {};
  const text = new Promise<string>((resolve) => {
    send = resolve;
  });
  async function* chunks() {
    yield Buffer.from('half');
    yield Buffer.from(await text);
  }
  const size = 8;
  const done = msd.write({ name, size, removeIncomplete: true, chunks: chunks() });
  return { done, send };
}

test('a disabled drive has the state of the contract, and refuses everything', async () => {
  await using disabled = make({ driver: new DisabledMsd(), images: undefined });
  expect(msdState.strict().parse(disabled.state.value)).toEqual(disabled.state.value);
  await expect(disabled.setConnected(true)).rejects.toEqual(new KvmError('MsdDisabledError'));
  await expect(disabled.reset()).rejects.toEqual(new KvmError('MsdDisabledError'));
});

test('begins as an empty CD-ROM', () => {
  expect(drive()).toEqual({ image: null, connected: false, cdrom: true, rw: false });
  expect(msdState.strict().parse(msd.state.value)).toEqual(msd.state.value);
});

test.each([
  [
    { image: 'cd.iso', rw: true },
    { cdrom: true, rw: false },
  ],
  [
    { image: 'flash.img', cdrom: false, rw: true },
    { cdrom: false, rw: true },
  ],
  [
    { image: 'flash.img', cdrom: true, rw: true },
    { cdrom: true, rw: false },
  ],
  [
    { image: 'cd.iso', cdrom: false, rw: true },
    { cdrom: false, rw: false },
  ],
  [
    { cdrom: false, rw: true },
    { cdrom: false, rw: true, image: null },
  ],
])('%j makes the drive %j', async (params, expected) => {
  await msd.setParams(params);
  expect(drive()).toMatchObject(expected);
});

test('puts the chosen image in and takes it out; the choice stays', async () => {
  await expect(msd.setConnected(true)).rejects.toEqual(named('MsdImageNotSelected'));
  await msd.setParams({ image: 'flash.img', cdrom: false, rw: true });
  await msd.setConnected(true);
  const source = join(directory, 'flash.img');
  expect(driver.state.value.medium).toEqual({ source, cdrom: false, rw: true });
  expect(drive()).toMatchObject({ connected: true, image: { name: 'flash.img' }, rw: true });
  await expect(msd.setConnected(true)).rejects.toEqual(named('MsdConnectedError'));
  await msd.setConnected(false);
  expect(drive()).toMatchObject({ connected: false, image: { name: 'flash.img' }, rw: true });
  await expect(msd.setConnected(false)).rejects.toEqual(named('MsdDisconnectedError'));
});

test('nothing else happens to the storage while an image is in', async () => {
  await msd.setParams({ image: 'cd.iso' });
  await msd.setConnected(true);
  const refused = named('MsdConnectedError');
  await expect(msd.setParams({ cdrom: false })).rejects.toEqual(refused);
  await expect(msd.remove('flash.img')).rejects.toEqual(refused);
  await expect(msd.read('cd.iso', 'none', new AbortController().signal)).rejects.toEqual(refused);
  await expect(upload('new.img').done).rejects.toEqual(refused);
  await expect(images.remove('cd.iso')).rejects.toEqual(named('MsdIsBusyError'));
  await msd.reset();
  expect(drive()).toMatchObject({ connected: false, image: { name: 'cd.iso' } });
  await msd.remove('cd.iso');
  expect(drive()).toMatchObject({ image: null });
});

test('who has the last byte of an image may ask for the next thing', async () => {
  const { size, chunks } = await msd.read('cd.iso', 'none', new AbortController().signal);
  let come = 0;
  for await (const chunk of chunks) {
    come += chunk.length;
    expect(msd.state.value.busy).toBe(come < (size ?? 0));
  }
  expect(come).toBe(size);
});

test('an unknown image and a remote one are refused; the choice stays', async () => {
  await msd.setParams({ image: 'cd.iso' });
  const unknown = named('MsdUnknownImageError');
  await expect(msd.setParams({ image: 'nope.iso' })).rejects.toEqual(unknown);
  await expect(msd.setParams({ image: 'constructor' })).rejects.toEqual(unknown);
  const url = { image: 'http://host/x.iso' };
  await expect(msd.setParams(url)).rejects.toEqual(named('MsdRemoteDisabledError'));
  expect(drive()).toMatchObject({ image: { name: 'cd.iso' } });
});

test('one act at a time: all others are refused, and nothing is queued', async () => {
  const { done, send } = upload('new.img');
  await until(msd.state, ({ storage }) => storage?.images['new.img'] !== undefined);
  expect(msd.state.value).toMatchObject({ busy: true });
  const busy = named('MsdIsBusyError');
  await expect(msd.setParams({ cdrom: false })).rejects.toEqual(busy);
  await expect(msd.setConnected(true)).rejects.toEqual(busy);
  await expect(msd.remove('cd.iso')).rejects.toEqual(busy);
  await expect(msd.reset()).rejects.toEqual(busy);
  await expect(upload('other.img').done).rejects.toEqual(busy);
  await expect(msd.read('cd.iso', 'none', new AbortController().signal)).rejects.toEqual(busy);
  await until(msd.state, ({ storage }) => storage?.uploading?.written === 4);
  send('full');
  expect(await done).toEqual({ name: 'new.img', size: 8, written: 8 });
  expect(msd.state.value).toMatchObject({ busy: false, storage: { uploading: null } });
  expect(msd.state.value.storage?.images['new.img']).toMatchObject({ complete: true, size: 8 });
});

test.each([
  ['shorter', ['half'], ['!x.img']],
  ['longer', ['half', 'and more than that'], ['!x.img']],
])('an image that is %s than announced is incomplete', async (_how, texts, left) => {
  const incoming = { name: 'x.img', size: 8, chunks: chunksOf(...texts) };
  const broken = named('MsdUploadBrokenError');
  await expect(msd.write({ ...incoming, removeIncomplete: false })).rejects.toEqual(broken);
  const listed = Object.entries(images.state.value.images);
  expect(listed.filter(([, { complete }]) => !complete).map(([name]) => `!${name}`)).toEqual(left);
  const again = { ...incoming, chunks: chunksOf('half') };
  await expect(msd.write({ ...again, removeIncomplete: true })).rejects.toEqual(broken);
  expect(images.state.value.images).not.toHaveProperty(['x.img']);
});

test('an image that was deleted while it is in the drive is told, and can be ejected', async () => {
  await msd.setParams({ image: 'flash.img', cdrom: false });
  await msd.setConnected(true);
  await rm(join(directory, 'flash.img'));
  await until(msd.state, ({ drive }) => drive?.image?.in_storage === false);
  expect(drive()).toMatchObject({
    connected: true,
    image: { name: 'flash.img', complete: false, size: 0 },
  });
  await msd.setConnected(false);
  expect(drive()).toMatchObject({ connected: false, image: null });
  await expect(msd.setConnected(true)).rejects.toEqual(named('MsdUnknownImageError'));
});

test('what an earlier server put in is in, protected, and can be ejected', async () => {
  const medium = { source: images.pathOf('flash.img'), cdrom: false, rw: true };
  driver.state.patch({ medium });
  expect(drive()).toMatchObject({ connected: true, image: { name: 'flash.img' }, rw: true });
  await expect(images.remove('flash.img')).rejects.toEqual(named('MsdIsBusyError'));
  await msd.setConnected(false);
  await images.remove('flash.img');
});

test('a medium from elsewhere is told as it is', () => {
  driver.state.patch({ medium: { source: '/srv/other.iso', cdrom: true, rw: false } });
  expect(drive()?.image).toMatchObject({ name: '/srv/other.iso', in_storage: false });
});

test('another machine cannot take an image that this one writes', async () => {
  await using other = make({ driver: new FakeMsdDriver() });
  for (const one of [msd, other])
    await one.setParams({ image: 'flash.img', cdrom: false, rw: true });
  await msd.setConnected(true);
  await expect(other.setConnected(true)).rejects.toEqual(named('MsdIsBusyError'));
  await expect(other.remove('flash.img')).rejects.toEqual(named('MsdIsBusyError'));
  await msd.setConnected(false);
  await other.setConnected(true);
});

test('a drive that fails leaves the image free and the choice as it was', async () => {
  await msd.setParams({ image: 'cd.iso' });
  driver.failure = new KvmError('UnavailableError', 'QEMU is gone');
  await expect(msd.setConnected(true)).rejects.toThrow('QEMU is gone');
  expect(msd.state.value).toMatchObject({ busy: false, drive: { connected: false } });
  await msd.remove('cd.iso');
});

test('a storage that is read-only otherwise is writable while the machine writes', async () => {
  const log: string[] = [];
  images.makeWritable = async () => {
    log.push('rw');
    return () => {
      log.push('ro');
    };
  };
  await msd.setParams({ image: 'flash.img', cdrom: false });
  await msd.setConnected(true);
  await msd.setConnected(false);
  expect(log).toEqual([]);
  await msd.setParams({ rw: true });
  await msd.setConnected(true);
  expect(log).toEqual(['rw']);
  await msd.setConnected(false);
  expect(log).toEqual(['rw', 'ro']);
});

test('without a drive the storage goes on', async () => {
  driver.state.set({ online: false, medium: undefined });
  expect(msd.state.value).toMatchObject({ enabled: true, online: false, drive: null });
  await msd.write({ name: 'x', size: 1, removeIncomplete: false, chunks: chunksOf('x') });
  await msd.setParams({ image: 'x', cdrom: false });
  await expect(msd.setConnected(true)).rejects.toEqual(named('MsdOfflineError'));
  driver.state.set({ online: true, medium: undefined });
  expect(drive()).toMatchObject({ image: { name: 'x' }, cdrom: false });
});

test('the choice outlives the server', async () => {
  let value = { image: '', cdrom: true, rw: false };
  const selection = {
    get value() {
      return value;
    },
    update: async (change: (now: typeof value) => typeof value) => {
      value = change(value);
      return value;
    },
  };
  await using first = make({ selection });
  await first.setParams({ image: 'flash.img', cdrom: false, rw: true });
  await using second = make({ selection, driver: new FakeMsdDriver() });
  expect(second.state.value.drive).toEqual(first.state.value.drive);
});

test('closing ends a transfer', async () => {
  const { done, send } = upload('new.img');
  const failed = expect(done).rejects.toThrow();
  const closed = msd.close();
  send('full');
  await closed;
  await failed;
});

describe('a linked image', () => {
  const linked = { url: 'http://host/a.iso', prefix: '', image: 'a.iso', insecure: false };
  const request = { ...linked, signal: AbortSignal.timeout(10_000) };
  let web: RangeServer;
  let links: LinkedImages;
  let withLinks: Msd;

  beforeEach(async () => {
    web = await new RangeServer(Buffer.alloc(4096, 'a')).start();
    links = await LinkedImages.open(images, { directory: join(directory, '.l'), log: silentLog });
    withLinks = make({ images: links, links });
  });
  afterEach(async () => {
    await withLinks.close();
    await links.close();
    await web.stop();
  });

  test('goes into the drive as any image, also beside one that is in', async () => {
    await withLinks.setParams({ image: 'cd.iso' });
    await withLinks.setConnected(true);
    expect(await withLinks.link({ ...request, url: web.url })).toEqual({
      ...{ name: 'a.iso', size: 4096 },
    });
    await withLinks.setConnected(false);
    await withLinks.setParams({ image: 'a.iso', cdrom: false });
    await withLinks.setConnected(true);
    expect(driver.state.value.medium).toEqual({
      ...{ source: links.pathOf('a.iso'), cdrom: false, rw: false },
    });
    expect(msdState.strict().parse(withLinks.state.value)).toEqual(withLinks.state.value);
    expect(withLinks.state.value.drive?.image).toMatchObject({
      ...{ name: 'a.iso', in_storage: true, complete: true, writable: false },
      link: { url: web.url, state: 'online' },
    });
    await expect(withLinks.remove('a.iso')).rejects.toEqual(named('MsdConnectedError'));
    await withLinks.setConnected(false);
    await withLinks.remove('a.iso');
    expect(withLinks.state.value.drive?.image).toBeNull();
  });

  test('is never written, and goes in only when its source is there', async () => {
    await withLinks.link({ ...request, url: web.url });
    const written = withLinks.setParams({ image: 'a.iso', cdrom: false, rw: true });
    await expect(written).rejects.toEqual(named('MsdLinkError'));
    await withLinks.setParams({ image: 'a.iso' });
    await web.stop();
    await expect(withLinks.setConnected(true)).rejects.toEqual(named('MsdLinkError'));
    expect(driver.state.value.medium).toBeUndefined();
    await web.start();
    await withLinks.setConnected(true);
  });

  test('is not for a drive that has no links', async () => {
    await expect(msd.link(request)).rejects.toEqual(named('MsdDisabledError'));
  });
});
