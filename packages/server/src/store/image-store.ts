import { dirname, join, relative } from 'node:path';
import { KvmError, type MsdPart } from '@crashcart/api';
import type {
  ImageReader,
  ImageStore,
  ImageStoreState,
  ImageUse,
  ImageWriter,
} from '../core/image-store.ts';
import type { Log } from '../core/log.ts';
import { type ReadonlyCell, StateCell, type Unsubscribe } from '../core/state.ts';
import { isThere, openToRead, removeForGood, UnfinishedFile } from '../platform/image-file.ts';
import { diskRoom, makeFolder, realFolder, removeEmptyFolders } from '../platform/image-folder.ts';
import { ImageList } from './image-list.ts';
import { type ImagePlace, nameIn, placeOf, unfinished, wholeOf } from './image-place.ts';
import { below, ImageTree } from './image-tree.ts';
import { imageTrouble } from './image-trouble.ts';
import { ImageUses } from './image-uses.ts';

/** How often room and mounts are looked at, ms. */
const CHECK_MS = 10_000;

/** What a store is made of. */
export interface ImageDirectoryOptions {
  /** Absolute; made when missing. */
  readonly directory: string;
  /** Bytes of all images together; 0 = as much as the disk has. */
  readonly limit: number;
  readonly log: Log;
  /** A server has the directory: what looks half published is its business. */
  readonly isGuest?: boolean | undefined;
}

/** The images of a directory. */
export class ImageDirectory implements ImageStore, AsyncDisposable {
  readonly state: ReadonlyCell<ImageStoreState>;
  readonly #directory: string;
  readonly #limit: number;
  readonly #log: Log;
  readonly #state = new StateCell<ImageStoreState>({ images: {}, parts: {} });
  readonly #tree: ImageTree;
  readonly #list: ImageList;
  readonly #uses = new ImageUses();
  /** Files that grow by our hand. */
  readonly #writing = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  private constructor({ directory, limit, log }: ImageDirectoryOptions) {
    this.state = this.#state;
    this.#directory = directory;
    this.#limit = limit;
    this.#log = log;
    this.#tree = new ImageTree(directory, {
      enters: (name) => !name.startsWith('.') && name !== 'lost+found',
      ignores: (path) => this.#writing.has(path),
      onChange: () => void this.#show(),
    });
    this.#list = new ImageList(this.#tree, log);
  }

  /** Reads the directory; what a crash left half published is put right. */
  static async open(options: ImageDirectoryOptions): Promise<ImageDirectory> {
    await makeFolder(dirname(options.directory), options.directory);
    // So is the image called that a drive tells us of.
    const directory = await realFolder(options.directory);
    const store = new ImageDirectory({ ...options, directory });
    await store.#tree.reload();
    if (!options.isGuest) await store.#removeTwins();
    await store.#show();
    store.#timer = setInterval(() => void store.#check(), CHECK_MS);
    store.#timer.unref();
    return store;
  }

  pathOf(name: string): string {
    const { folder, base } = placeOf(name);
    const isUnfinished =
      !this.#tree.file(folder, base) && this.#tree.file(folder, unfinished(base));
    return join(this.#directory, folder, isUnfinished ? unfinished(base) : base);
  }

  nameOf(path: string): string | undefined {
    const name = relative(this.#directory, path);
    if (name === '' || name.startsWith('..')) return undefined;
    return nameIn(placeOf(name));
  }

  hold(name: string, use: ImageUse): Unsubscribe {
    return this.#uses.hold(name, use);
  }

  /** It is as it is. */
  async makeWritable(): Promise<Unsubscribe> {
    return () => undefined;
  }

  async create(name: string, size: number): Promise<ImageWriter> {
    const release = this.hold(name, 'write');
    let made: string | undefined;
    const { folder, base } = placeOf(name);
    const inside = join(this.#directory, folder);
    try {
      const path = join(inside, base);
      if (await isThere(path)) throw new KvmError('MsdImageExistsError');
      made = await makeFolder(this.#directory, inside);
      await removeForGood(join(inside, unfinished(base)));
      await this.#tree.refresh(folder, unfinished(base));
      await this.#checkRoom(inside, size);
      const file = await UnfinishedFile.create(join(inside, unfinished(base)), size);
      await this.#seen(folder, base);
      return this.#writer(file, { folder, base, path, made, release });
    } catch (error) {
      if (made) await removeEmptyFolders(made, inside);
      release();
      throw imageTrouble(error);
    }
  }

  async open(name: string): Promise<ImageReader> {
    const release = this.hold(name, 'read');
    try {
      const file = await openToRead(this.pathOf(name));
      if (!file) throw new KvmError('MsdUnknownImageError');
      const close = async () => {
        release();
        await file.close();
      };
      return { size: file.size, close, chunks: () => endingWith(file.chunks(), close) };
    } catch (error) {
      release();
      throw imageTrouble(error);
    }
  }

  async remove(name: string): Promise<void> {
    const release = this.hold(name, 'write');
    const { folder, base } = placeOf(name);
    const inside = join(this.#directory, folder);
    try {
      const whole = await removeForGood(join(inside, base));
      const part = await removeForGood(join(inside, unfinished(base)));
      if (!whole && !part) throw new KvmError('MsdUnknownImageError');
    } catch (error) {
      throw imageTrouble(error);
    } finally {
      release();
      await this.#seen(folder, base);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#tree.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #writer(
    file: UnfinishedFile,
    place: ImagePlace & {
      readonly path: string;
      readonly made: string | undefined;
      readonly release: Unsubscribe;
    },
  ): ImageWriter {
    const { folder, base, path, made } = place;
    const growing = below(folder, unfinished(base));
    this.#writing.add(growing);
    const release = () => {
      this.#writing.delete(growing);
      place.release();
    };
    return {
      write: (bytes) =>
        file.write(bytes).catch((error) => {
          throw imageTrouble(error);
        }),
      finish: async () => {
        try {
          await file.finish(path);
        } catch (error) {
          throw imageTrouble(error);
        }
        release();
        await this.#seen(folder, base);
      },
      abandon: async ({ keep }) => {
        await file.abandon({ keep });
        if (!keep && made) await removeEmptyFolders(made, dirname(path));
        release();
        await this.#seen(folder, base);
      },
    };
  }

  /** Both names of an image, and the room. */
  async #seen(folder: string, base: string): Promise<void> {
    await this.#tree.refresh(folder, base, unfinished(base));
    await this.#show();
  }

  async #check(): Promise<void> {
    await this.#tree.check().catch((error) => this.#cannotRead(error));
    await this.#show();
  }

  #cannotRead(error: unknown): void {
    this.#log.warn({ err: error, directory: this.#directory }, 'The images cannot be read');
  }

  async #show(): Promise<void> {
    try {
      const parts = await this.#parts();
      this.#state.set({ images: this.#list.list(), parts });
    } catch (error) {
      this.#cannotRead(error);
    }
  }

  async #parts(): Promise<ImageStoreState['parts']> {
    const parts: Record<string, MsdPart> = {};
    const devices = new Map<string, string>();
    for (const { path, device, writable } of this.#tree.folders) {
      const above = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
      const isPart = path === '' || devices.get(above) !== device;
      devices.set(path, device);
      if (!isPart) continue;
      const { size, free } = await this.#room(join(this.#directory, path));
      parts[path] = { size, free, writable };
    }
    return parts;
  }

  async #room(path: string): Promise<{ readonly size: number; readonly free: number }> {
    const { size, free } = await diskRoom(path);
    if (this.#limit === 0) return { size, free };
    let used = 0;
    for (const { files } of this.#tree.folders)
      for (const file of files.values()) used += file.size;
    return {
      size: Math.min(size, this.#limit),
      free: Math.max(0, Math.min(free, this.#limit - used)),
    };
  }

  async #checkRoom(folder: string, size: number): Promise<void> {
    const { free } = await this.#room(folder);
    if (size <= free) return;
    throw new KvmError(
      'MsdStorageFullError',
      `The storage has room for ${free} bytes, the image has ${size}`,
    );
  }

  /** A crash while an image was published leaves it under both names. */
  async #removeTwins(): Promise<void> {
    for (const { path, files } of this.#tree.folders) {
      for (const { name } of [...files.values()]) {
        const whole = wholeOf(name);
        if (whole === undefined || !files.has(whole)) continue;
        await removeForGood(join(this.#directory, path, name)).catch(() => undefined);
        await this.#tree.refresh(path, name);
      }
    }
  }
}

async function* endingWith<T>(chunks: AsyncGenerator<T>, end: () => Promise<void>) {
  try {
    yield* chunks;
  } finally {
    await end();
  }
}
