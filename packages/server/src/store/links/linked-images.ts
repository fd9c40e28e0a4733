import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { imageNameIn, KvmError, type MsdImage } from '@crashcart/api';
import { z } from 'zod';
import type {
  ImageLinks,
  ImageReader,
  ImageStore,
  ImageStoreState,
  ImageUse,
  ImageWriter,
  LinkRequest,
} from '../../core/image-store.ts';
import type { Log } from '../../core/log.ts';
import { DerivedCell, type ReadonlyCell, StateCell, type Unsubscribe } from '../../core/state.ts';
import { ensureDir } from '../../platform/files.ts';
import { Document } from '../document.ts';
import { named } from '../remote-image.ts';
import { SourceRefusedError } from './block-source.ts';
import { type ImageLink, LinkedImage } from './linked-image.ts';
import { openSource } from './open-source.ts';

/** Links of one storage: each has a socket that is listened on. */
const MAX_LINKS = 64;
/** Longest path of a unix socket, bytes. */
const MAX_SOCKET_PATH = 107;
/** What an image of this kind is called for a drive (NBD's URI scheme). */
const SCHEME = 'nbd+unix:///?socket=';

const links = z.array(
  z.object({
    ...{ name: z.string(), id: z.string(), url: z.string(), insecure: z.boolean() },
    facts: z.object({ size: z.number(), etag: z.string(), lastModified: z.string() }),
    linkedS: z.number(),
  }),
);

/** Where links are kept. */
export interface LinkedImagesOptions {
  /** Of the sockets and of what is kept; made when missing. */
  readonly directory: string;
  readonly log: Log;
}

/** Images of a directory, and beside them images that stay where they are. */
export class LinkedImages implements ImageStore, ImageLinks {
  readonly state: ReadonlyCell<ImageStoreState>;
  readonly #images: ImageStore;
  readonly #directory: string;
  readonly #log: Log;
  readonly #kept: Document<readonly ImageLink[]>;
  readonly #linked = new Map<string, LinkedImage>();
  /** Names of links that are being made: machines may share a storage. */
  readonly #coming = new Set<string>();
  readonly #shown = new StateCell<Readonly<Record<string, MsdImage>>>({});
  readonly #derived: DerivedCell<ImageStoreState>;

  private constructor(
    images: ImageStore,
    { directory, log }: LinkedImagesOptions,
    kept: Document<readonly ImageLink[]>,
  ) {
    this.#images = images;
    this.#directory = directory;
    this.#log = log;
    this.#kept = kept;
    this.#derived = new DerivedCell([images.state, this.#shown], () =>
      withLinks(images.state.value, this.#shown.value),
    );
    this.state = this.#derived;
  }

  /** Serves what was linked before; whether the sources are there is found out meanwhile. */
  static async open(images: ImageStore, options: LinkedImagesOptions): Promise<LinkedImages> {
    await ensureDir(options.directory);
    const kept = await openLinks(options.directory);
    const made = new LinkedImages(images, options, kept);
    for (const link of kept.value) {
      await made.#serve(link).catch((error: unknown) => {
        options.log.error({ err: error, image: link.name }, 'The linked image cannot be served');
      });
    }
    made.#show();
    for (const linked of made.#linked.values()) void linked.check().catch(() => undefined);
    return made;
  }

  async link({ url, prefix, image, insecure, signal }: LinkRequest) {
    this.#checkFree(image === '' ? undefined : imageNameIn(prefix, image));
    const source = await openSource({ url, insecure }, undefined, signal).catch((error) => {
      throw refusal(error, signal);
    });
    const { facts, fileName } = source;
    source.close();
    const name = imageNameIn(prefix, image || fileName);
    this.#checkFree(name);
    const id = randomBytes(6).toString('hex');
    await this.#add({ name, id, url, insecure, facts, linkedS: Math.floor(Date.now() / 1000) });
    return { name, size: facts.size };
  }

  async check(name: string): Promise<void> {
    const linked = this.#linked.get(name);
    try {
      await linked?.check();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new KvmError('MsdLinkError', `The source of the image does not give it: ${reason}`, {
        cause: error,
      });
    }
  }

  giveUp(name: string): void {
    this.#linked.get(name)?.giveUp();
  }

  pathOf(name: string): string {
    const linked = this.#linked.get(name);
    return linked ? SCHEME + linked.socket : this.#images.pathOf(name);
  }

  nameOf(path: string): string | undefined {
    if (!path.startsWith(SCHEME)) return this.#images.nameOf(path);
    const socket = path.slice(SCHEME.length);
    return [...this.#linked.values()].find((linked) => linked.socket === socket)?.link.name;
  }

  hold(name: string, use: ImageUse): Unsubscribe {
    return this.#images.hold(name, use);
  }

  makeWritable(): Promise<Unsubscribe> {
    return this.#images.makeWritable();
  }

  async create(name: string, size: number): Promise<ImageWriter> {
    if (this.#linked.has(name) || this.#coming.has(name)) throw new KvmError('MsdImageExistsError');
    return await this.#images.create(name, size);
  }

  async open(name: string): Promise<ImageReader> {
    const linked = this.#linked.get(name);
    if (!linked) return await this.#images.open(name);
    await this.check(name);
    const release = this.hold(name, 'read');
    const close = async () => release();
    async function* chunks(image: LinkedImage) {
      try {
        yield* image.chunks();
      } finally {
        release();
      }
    }
    return { size: linked.link.facts.size, close, chunks: () => chunks(linked) };
  }

  async remove(name: string): Promise<void> {
    const linked = this.#linked.get(name);
    if (!linked) return await this.#images.remove(name);
    const release = this.hold(name, 'write');
    try {
      await this.#kept.update((before) => before.filter((link) => link.name !== name));
      this.#linked.delete(name);
      await linked.close();
    } finally {
      release();
      this.#show();
    }
  }

  /** Ends whoever reads; the images are the caller's to close. */
  async close(): Promise<void> {
    this.#derived.close();
    for (const linked of this.#linked.values()) await linked.close();
  }

  /** Serves and keeps a link, or leaves nothing of it. */
  async #add(link: ImageLink): Promise<void> {
    this.#coming.add(link.name);
    try {
      await this.#serve(link);
      await this.#kept.update((before) => [...before, link]);
    } catch (error) {
      const linked = this.#linked.get(link.name);
      this.#linked.delete(link.name);
      await linked?.close();
      throw error;
    } finally {
      this.#coming.delete(link.name);
      this.#show();
    }
  }

  async #serve(link: ImageLink): Promise<void> {
    const socket = join(this.#directory, `${link.id}.sock`);
    if (Buffer.byteLength(socket) > MAX_SOCKET_PATH) {
      const why = 'The path of the state directory is too long for a socket in it (--state)';
      throw new KvmError('MsdLinkError', why);
    }
    const linked = await LinkedImage.open(link, socket, this.#log);
    this.#linked.set(link.name, linked);
    linked.subscribe(() => this.#show());
  }

  /** Throws when there is no room for one more link, or this name is taken. */
  #checkFree(name: string | undefined): void {
    if (this.#linked.size + this.#coming.size >= MAX_LINKS) {
      throw new KvmError('MsdLinkError', `There are ${MAX_LINKS} links already; remove one`);
    }
    if (name === undefined) return;
    const isTaken = Object.hasOwn(this.state.value.images, name) || this.#coming.has(name);
    if (isTaken) throw new KvmError('MsdImageExistsError');
  }

  #show(): void {
    const shown = [...this.#linked].map(([name, { image }]) => [name, image] as const);
    this.#shown.set(Object.fromEntries(shown));
  }
}

function openLinks(directory: string): Promise<Document<readonly ImageLink[]>> {
  return Document.open<readonly ImageLink[]>(join(directory, 'links.json'), links, []);
}

/** The names that are taken by links which are kept in a directory; none where there is no such. */
export async function linkNames(directory: string): Promise<readonly string[]> {
  return (await openLinks(directory)).value.map(({ name }) => name);
}

function withLinks(
  { images, parts }: ImageStoreState,
  shown: Readonly<Record<string, MsdImage>>,
): ImageStoreState {
  if (Object.keys(shown).length === 0) return { images, parts };
  // Frozen, its text is made once: see the envelope.
  return { images: Object.freeze({ ...images, ...shown }), parts };
}

/** Why a source cannot be linked. */
function refusal(error: unknown, signal: AbortSignal): unknown {
  if (error instanceof SourceRefusedError) {
    return new KvmError('MsdLinkError', error.message, { cause: error });
  }
  const known = named(error, signal);
  if (known instanceof KvmError || !(known instanceof Error)) return known;
  return new KvmError('MsdLinkError', `The source cannot be read: ${known.message}`, {
    cause: error,
  });
}
