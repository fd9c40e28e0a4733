import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient, type MsdState } from '@crashcart/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../src/core/state.ts';
import { FrontRig } from './support/front-rig.ts';

let place: string;
let rig: FrontRig;
let client: Client;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'msd-disk-'));
});
afterEach(async () => {
  await rig?.close();
  await rm(place, { recursive: true, force: true });
});

async function start(imagesDir: string): Promise<void> {
  rig = await FrontRig.start({ imagesDir });
  client = createClient({ baseUrl: rig.url, credentials: { user: 'admin', passwd: 'admin' } });
}

const write = (image: string) => client.call('msdWrite', { image }, { body: 'data' });
const refused = (error: string) => expect.objectContaining({ name: error });
const imagesAre = (...names: readonly string[]) =>
  stateIs(({ storage }) => Object.keys(storage?.images ?? {}).join() === names.join());

async function stateIs(passes: (state: MsdState) => boolean): Promise<void> {
  await until(rig.machine.msd.state, passes, AbortSignal.timeout(20_000));
}

async function read(image: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of await client.call('msdRead', { image })) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** A mount point of this test that may be mounted anew; undefined where this user may not mount. */
function tmpfs(path: string): Disposable | undefined {
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', path]).status !== 0) return;
  return { [Symbol.dispose]: () => void spawnSync('umount', ['-l', path]) };
}

const mayMount = (() => {
  const path = mkdtempSync(join(tmpdir(), 'msd-mount-'));
  using mounted = tmpfs(path);
  return mounted !== undefined;
})();

describe.skipIf(!mayMount)('a disk that becomes read-only', () => {
  it('refuses every change, gives what it has, and is written again when it may be', async () => {
    using _disk = tmpfs(place);
    await start(place);
    await write('kept.img');
    const remount = (how: string) =>
      expect(spawnSync('mount', ['-o', `remount,${how}`, place]).status).toBe(0);
    remount('ro');
    await expect(write('new.img')).rejects.toEqual(refused('MsdStorageReadOnlyError'));
    await expect(client.call('msdRemove', { image: 'kept.img' })).rejects.toEqual(
      refused('MsdStorageReadOnlyError'),
    );
    expect(await read('kept.img')).toBe('data');
    await stateIs(({ storage }) => storage?.parts['']?.writable === false);
    expect(rig.machine.msd.state.value).toMatchObject({ busy: false });
    remount('rw');
    await write('new.img');
    await stateIs(({ storage }) => storage?.parts['']?.writable === true);
    await imagesAre('kept.img', 'new.img');
  });
});

describe('a directory of images', () => {
  it('that vanishes is empty, and has everything when it comes back', async () => {
    const directory = join(place, 'msd');
    await mkdir(directory);
    await start(directory);
    await write('kept.img');
    await rename(directory, join(place, 'away'));
    await imagesAre();
    await expect(read('kept.img')).rejects.toEqual(refused('MsdUnknownImageError'));
    await expect(client.call('msdRemove', { image: 'kept.img' })).rejects.toEqual(
      refused('MsdUnknownImageError'),
    );
    expect((await client.call('msd')).busy).toBe(false);
    await rename(join(place, 'away'), directory);
    await imagesAre('kept.img');
    expect(await read('kept.img')).toBe('data');
    await write('new.img');
    await imagesAre('kept.img', 'new.img');
  });
});
