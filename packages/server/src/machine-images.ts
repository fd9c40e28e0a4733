import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { MachineConfig } from './config/schema.ts';
import type { ImageStore } from './core/image-store.ts';
import type { Log } from './core/log.ts';
import type { MsdOptions } from './core/msd.ts';
import { NOTHING_SELECTED } from './core/msd-drive.ts';
import { Scope } from './core/scope.ts';
import { ensureDir } from './platform/files.ts';
import { Document } from './store/document.ts';
import { ImageDirectory } from './store/image-store.ts';
import { LinkedImages } from './store/links/linked-images.ts';
import { packImage } from './store/pack-image.ts';
import { openRemoteImage } from './store/remote-image.ts';
import { RemountedImages } from './store/remounted-images.ts';
import { StorageMount } from './store/storage-mount.ts';

/** Images of all machines that name no directory of their own, in the state directory. */
const IMAGES = 'msd';
/** Links of each storage, in a folder of its own. */
const LINKS = 'links';
/** What is selected, in the folder of each machine. */
const SELECTION = 'msd.json';

const selection = z.object({ image: z.string(), cdrom: z.boolean(), rw: z.boolean() });

/** The stores of the machines: those with the same directory share one. */
export class MachineImages {
  readonly #stateDir: string;
  readonly #log: Log;
  readonly #scope = new Scope();
  readonly #stores = new Map<string, { options: StoreOptions; store: Promise<LinkedImages> }>();

  constructor(stateDir: string, log: Log) {
    this.#stateDir = stateDir;
    this.#log = log;
  }

  /** What the drive of a machine is made of. Throws when two machines disagree on a limit. */
  async of(id: string, config: MachineConfig['msd']): Promise<Omit<MsdOptions, 'driver' | 'log'>> {
    const ports = { openRemote: openRemoteImage, pack: packImage };
    if (config.type === 'disabled') return { ...ports, images: undefined };
    const { limit } = config.storage;
    const directory = imagesDirectory(this.#stateDir, config);
    const images = await this.#open(directory, { limit, remount: config.remount_cmd });
    const place = join(this.#stateDir, 'machines', id);
    await ensureDir(place);
    const kept = await Document.open(join(place, SELECTION), selection, NOTHING_SELECTED);
    return { ...ports, images, links: images, selection: kept };
  }

  async close(): Promise<void> {
    await this.#scope.close();
  }

  async #open(directory: string, options: StoreOptions): Promise<LinkedImages> {
    const known = this.#stores.get(directory);
    if (known) {
      if (isDeepStrictEqual(known.options, options)) return await known.store;
      throw new Error(
        `Machines that share ${directory} must have the same msd.storage.limit and msd.remount_cmd`,
      );
    }
    const store = this.#make(directory, options);
    this.#stores.set(directory, { options, store });
    return await store;
  }

  async #make(directory: string, options: StoreOptions): Promise<LinkedImages> {
    const images = await this.#openImages(directory, options);
    const place = linksDirectory(this.#stateDir, directory);
    const linked = await LinkedImages.open(images, { directory: place, log: this.#log });
    this.#scope.add(() => linked.close());
    return linked;
  }

  async #openImages(directory: string, { limit, remount }: StoreOptions): Promise<ImageStore> {
    const images = await ImageDirectory.open({ directory, limit, log: this.#log });
    this.#scope.add(() => images.close());
    const [program, ...args] = remount;
    if (program === undefined) return images;
    const mount = new StorageMount([program, ...args], this.#log);
    const remounted = new RemountedImages(images, mount);
    this.#scope.add(() => remounted.close());
    return remounted;
  }
}

/** Where the images of a machine are. */
export function imagesDirectory(stateDir: string, { storage }: MachineConfig['msd']): string {
  return storage.dir || join(stateDir, IMAGES);
}

/** Where the links beside the images of a directory are kept. */
export function linksDirectory(stateDir: string, images: string): string {
  // Short: it is a part of the paths of sockets.
  const key = createHash('sha256').update(images).digest('hex').slice(0, 8);
  return join(stateDir, LINKS, key);
}

/** What machines that share a directory must agree on. */
interface StoreOptions {
  /** Bytes; 0 = as much as the disk has. */
  readonly limit: number;
  /** Empty = none. */
  readonly remount: readonly string[];
}
