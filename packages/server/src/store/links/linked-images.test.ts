import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KvmError } from '@crashcart/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../core/log.ts';
import { ImageDirectory } from '../image-store.ts';
import { LinkedImages } from './linked-images.ts';
import { NbdExport } from './nbd-export.ts';

const SIZE = 4096;

describe('linked images', () => {
  let directory: string;
  let source: NbdExport;
  let images: ImageDirectory;
  let links: LinkedImages;
  const place = () => join(directory, 'links');

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'links-'));
    source = await NbdExport.listen({
      ...{ path: join(directory, 'source.sock'), sizeBytes: SIZE },
      read: async (_, length) => new Uint8Array(length),
      onIdle: () => undefined,
    });
    images = await ImageDirectory.open({
      ...{ directory: join(directory, 'images'), limit: 0, log: silentLog },
    });
    links = await LinkedImages.open(images, { directory: place(), log: silentLog });
  });
  afterEach(async () => {
    await links.close();
    await images[Symbol.asyncDispose]();
    await source.close();
    await rm(directory, { recursive: true, force: true });
  });

  const link = (image: string) =>
    links.link({
      ...{ url: `nbd+unix:///?socket=${join(directory, 'source.sock')}`, prefix: '', image },
      ...{ insecure: false, signal: AbortSignal.timeout(10_000) },
    });
  const sockets = async () => (await readdir(place())).filter((name) => name.endsWith('.sock'));

  it('of two machines at once that want the same name one is made', async () => {
    const both = await Promise.allSettled([link('a.iso'), link('a.iso')]);
    const refused = both.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    expect(refused).toEqual([new KvmError('MsdImageExistsError')]);
    expect(await sockets()).toHaveLength(1);
    expect(Object.keys(links.state.value.images)).toEqual(['a.iso']);
  });

  it('leave nothing when they cannot be kept', async () => {
    // Nobody, and not even root, writes a file where a folder is.
    await mkdir(join(place(), 'links.json', 'in-the-way'), { recursive: true });
    await expect(link('a.iso')).rejects.toThrow();
    expect(await sockets()).toEqual([]);
    expect(links.state.value.images).toEqual({});
    expect(links.nameOf(links.pathOf('a.iso'))).toBe('a.iso');
    await rm(join(place(), 'links.json'), { recursive: true });
    expect(await link('a.iso')).toEqual({ name: 'a.iso', size: SIZE });
  });
});
