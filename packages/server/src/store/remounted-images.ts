import { dirname } from 'node:path';
import type {
  ImageReader,
  ImageStore,
  ImageStoreState,
  ImageUse,
  ImageWriter,
} from '../core/image-store.ts';
import { DerivedCell, type ReadonlyCell, type Unsubscribe } from '../core/state.ts';
import type { StorageMount } from './storage-mount.ts';

/** Images on a file system that is writable only while one of our acts needs it. */
export class RemountedImages implements ImageStore {
  readonly state: ReadonlyCell<ImageStoreState>;
  readonly #images: ImageStore;
  readonly #mount: StorageMount;
  readonly #derived: DerivedCell<ImageStoreState>;

  constructor(images: ImageStore, mount: StorageMount) {
    this.#images = images;
    this.#mount = mount;
    this.#derived = new DerivedCell([images.state], () => asIfWritable(images.state.value));
    this.state = this.#derived;
  }

  pathOf(name: string): string {
    return this.#images.pathOf(name);
  }

  nameOf(path: string): string | undefined {
    return this.#images.nameOf(path);
  }

  hold(name: string, use: ImageUse): Unsubscribe {
    return this.#images.hold(name, use);
  }

  makeWritable(): Promise<Unsubscribe> {
    return this.#mount.use();
  }

  async create(name: string, size: number): Promise<ImageWriter> {
    const release = await this.#mount.use();
    try {
      const writer = await this.#images.create(name, size);
      return {
        write: (bytes) => writer.write(bytes),
        // One that fails is abandoned afterwards, which needs the same.
        finish: async () => {
          await writer.finish();
          release();
        },
        abandon: async (options) => {
          try {
            await writer.abandon(options);
          } finally {
            release();
          }
        },
      };
    } catch (error) {
      release();
      throw error;
    }
  }

  open(name: string): Promise<ImageReader> {
    return this.#images.open(name);
  }

  async remove(name: string): Promise<void> {
    const release = await this.#mount.use();
    try {
      await this.#images.remove(name);
    } finally {
      release();
    }
  }

  /** Resolves when the file system is read-only again; the images are the caller's to close. */
  async close(): Promise<void> {
    this.#derived.close();
    await this.#mount.idle();
  }
}

/** What the file system says of itself while nobody writes is not what counts. */
function asIfWritable({ images, parts }: ImageStoreState): ImageStoreState {
  const [whole] = parts[''] ? [{ ...parts[''], writable: true }] : [];
  const ours = Object.entries(images).map(([name, image]) => {
    const isOurs = partOf(dirname(name), parts) === '';
    return [name, isOurs && !image.removable ? { ...image, removable: true } : image] as const;
  });
  return {
    images: Object.fromEntries(ours),
    parts: whole ? { ...parts, '': whole } : parts,
  };
}

/** The file system that a folder is on. */
function partOf(folder: string, parts: ImageStoreState['parts']): string {
  if (folder === '.' || folder === '') return '';
  return Object.hasOwn(parts, folder) ? folder : partOf(dirname(folder), parts);
}
