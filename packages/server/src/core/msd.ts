import {
  imageNameIn,
  isImageUrl,
  KvmError,
  type MsdCompression,
  type MsdDownload,
  type MsdState,
  type MsdUpload,
} from '@crashcart/api';
import { anySignal } from './any-signal.ts';
import type {
  ImageLinks,
  ImageStore,
  ImageWriter,
  LinkRequest,
  OpenRemoteImage,
  PackImage,
  RemoteImageOptions,
} from './image-store.ts';
import type { Log } from './log.ts';
import { driveState, type MsdSelection, NOTHING_SELECTED } from './msd-drive.ts';
import type { MsdDriver } from './msd-driver.ts';
import { counted, type Incoming, leaving, receive, ticking } from './msd-transfers.ts';
import { DerivedCell, type ReadonlyCell, StateCell, type Unsubscribe, until } from './state.ts';

/** How often `writeRemote` yields (recorded), ms. */
const LINE_MS = 1000;

/** A value that outlives the server. */
export interface Kept<T> {
  readonly value: T;
  /** Resolves when the new value is safe. */
  update(change: (value: T) => T): Promise<T>;
}

/** What a `Msd` is made of. */
export interface MsdOptions {
  /** Owned by the caller, who closes it after the `Msd`. */
  readonly driver: MsdDriver;
  /** Undefined where the drive is disabled. */
  readonly images: ImageStore | undefined;
  /** Undefined where images are only used from the store. */
  readonly links?: ImageLinks | undefined;
  /** What is selected; in memory unless told. */
  readonly selection?: Kept<MsdSelection> | undefined;
  readonly openRemote: OpenRemoteImage;
  readonly pack: PackImage;
  readonly log: Log;
}

/** What to fetch and how it shall be called: as the remote does, when `image` is empty. */
export interface MsdRemoteOptions extends RemoteImageOptions {
  readonly url: string;
  readonly prefix: string;
  readonly image: string;
  readonly removeIncomplete: boolean;
}

/** What is under way; one thing at a time. */
interface Activity {
  readonly busy: boolean;
  readonly uploading: MsdUpload | null;
  readonly downloading: MsdDownload | null;
}

const IDLE: Activity = { busy: false, uploading: null, downloading: null };
const DISABLED: MsdState = {
  ...{ enabled: false, online: false, busy: false },
  storage: null,
  drive: null,
};

/** The virtual drive: which image is in it, what comes into the storage, and when which is allowed. */
export class Msd implements AsyncDisposable {
  readonly state: ReadonlyCell<MsdState>;
  readonly #driver: MsdDriver;
  readonly #images: ImageStore | undefined;
  readonly #links: ImageLinks | undefined;
  readonly #kept: Kept<MsdSelection> | undefined;
  readonly #openRemote: OpenRemoteImage;
  readonly #pack: PackImage;
  readonly #log: Log;
  readonly #selection: StateCell<MsdSelection>;
  readonly #activity = new StateCell<Activity>(IDLE);
  readonly #controller = new AbortController();
  readonly #derived: DerivedCell<MsdState>;
  readonly #unfollow: Unsubscribe;
  #held: { readonly name: string; readonly release: Unsubscribe } | undefined;

  constructor({ driver, images, links, selection, openRemote, pack, log }: MsdOptions) {
    this.#driver = driver;
    this.#images = driver.enabled ? images : undefined;
    this.#links = links;
    this.#kept = selection;
    this.#openRemote = openRemote;
    this.#pack = pack;
    this.#log = log;
    this.#selection = new StateCell(selection?.value ?? NOTHING_SELECTED);
    const sources = [driver.state, this.#selection, this.#activity];
    this.#derived = new DerivedCell(images ? [...sources, images.state] : sources, () =>
      this.#compute(),
    );
    this.state = this.#derived;
    this.#unfollow = driver.state.subscribe(() => this.#holdMedium());
    this.#holdMedium();
  }

  /**
   * Chooses the image ('' = none) and how the drive shows it; what is not given stays. Throws
   * MsdConnectedError, MsdUnknownImageError, MsdRemoteDisabledError, and MsdLinkError where a
   * linked image shall be written.
   */
  async setParams(given: {
    readonly image?: string | undefined;
    readonly cdrom?: boolean | undefined;
    readonly rw?: boolean | undefined;
  }): Promise<void> {
    await this.#exclusively(async (images) => {
      this.#checkDisconnected();
      const { image = this.#selection.value.image } = given;
      if (isImageUrl(image)) throw new KvmError('MsdRemoteDisabledError');
      if (given.image) checkKnown(images, image);
      if (given.rw && isLinked(images, image)) {
        throw new KvmError('MsdLinkError', 'A linked image is only read: leave rw out');
      }
      await this.#select((before) => {
        const cdrom = given.cdrom ?? before.cdrom;
        const writable = !cdrom && images.state.value.images[image]?.writable !== false;
        return { image, cdrom, rw: writable && (given.rw ?? before.rw) };
      });
    });
  }

  /** Puts the chosen image into the machine, or takes out what is in. Throws Msd…Errors. */
  async setConnected(connected: boolean): Promise<void> {
    await this.#exclusively(async (images) => {
      if (!this.#driver.state.value.online) throw new KvmError('MsdOfflineError');
      if (connected) await this.#connect(images);
      else await this.#disconnect(images);
    });
  }

  /** Removes an image. Throws MsdConnectedError, MsdUnknownImageError, MsdIsBusyError. */
  async remove(name: string): Promise<void> {
    await this.#exclusively(async (images) => {
      this.#checkDisconnected();
      await images.remove(name);
      this.#log.info({ image: name }, 'Image removed');
      if (this.#selection.value.image === name) {
        await this.#select((before) => ({ ...before, image: '' }));
      }
    });
  }

  /** Ejects by force and starts the drive anew; the choice stays. */
  async reset(): Promise<void> {
    await this.#exclusively((images) => {
      this.#giveUp(images);
      return this.#driver.reset();
    });
  }

  /**
   * Takes an image in; resolves when it is safely on disk. Throws MsdConnectedError,
   * MsdImageExistsError, MsdStorageFullError, MsdUploadBrokenError.
   */
  async write(incoming: Incoming): Promise<MsdUpload> {
    return await this.#exclusively(async (images) => {
      this.#checkDisconnected();
      const { name, size } = incoming;
      const writer = await images.create(name, size);
      await this.#receive(writer, incoming);
      return { name, size, written: size };
    });
  }

  /**
   * Fetches an image. Resolves when the remote has begun to send it; what it resolves with tells
   * the progress about once a second until the image is safely on disk. Throws as `write` and
   * `OpenRemoteImage` do, then or in the middle.
   */
  async writeRemote(options: MsdRemoteOptions): Promise<AsyncGenerator<MsdUpload>> {
    const { url, prefix, image, removeIncomplete } = options;
    const given = image === '' ? undefined : imageNameIn(prefix, image);
    const { images, leave } = this.#enter();
    try {
      this.#checkDisconnected();
      if (given !== undefined && images.state.value.images[given]?.complete) {
        throw new KvmError('MsdImageExistsError');
      }
      const signal = anySignal([options.signal, this.#controller.signal]);
      const remote = await this.#openRemote(url, { ...options, signal });
      try {
        const name = given ?? imageNameIn(prefix, remote.fileName);
        const { size } = remote;
        const writer = await images.create(name, size);
        const incoming = { name, size, removeIncomplete, chunks: remote.chunks() };
        const first: MsdUpload = { name, size, written: 0 };
        let last = first;
        const underWay = this.#receive(writer, incoming, (now) => {
          last = now;
        }).finally(leave);
        underWay.catch(() => undefined);
        return ticking(underWay, first, () => last, LINE_MS);
      } catch (error) {
        remote.close();
        throw error;
      }
    } catch (error) {
      leave();
      throw error;
    }
  }

  /**
   * Lists an image that stays where it is; what is in the drive stays in. Throws as
   * `ImageLinks.link` does.
   */
  async link(request: LinkRequest): Promise<{ readonly name: string; readonly size: number }> {
    const links = this.#links;
    if (!links) throw new KvmError('MsdDisabledError');
    return await this.#exclusively(async () => {
      const signal = anySignal([request.signal, this.#controller.signal]);
      const linked = await links.link({ ...request, signal });
      this.#log.info({ image: linked.name, size: linked.size }, 'Image linked');
      return linked;
    });
  }

  /**
   * Gives an image out, packed or as it is; `size` is undefined when it is packed. The chunks must
   * be iterated. Throws MsdConnectedError, MsdUnknownImageError, UnavailableError.
   */
  async read(
    name: string,
    compression: MsdCompression,
    signal: AbortSignal,
  ): Promise<{ readonly size: number | undefined; readonly chunks: AsyncIterable<Uint8Array> }> {
    const { images, leave } = this.#enter();
    try {
      this.#checkDisconnected();
      const reader = await images.open(name);
      try {
        const { size } = reader;
        const tell = (readed: number) =>
          this.#activity.patch({ downloading: { name, size, readed } });
        const chunks = counted(reader.chunks(), tell, this.#controller.signal);
        if (compression === 'none') return { size, chunks: leaving(chunks, leave) };
        const packed = await this.#pack(compression, chunks, signal);
        return { size: undefined, chunks: leaving(packed, leave) };
      } catch (error) {
        await reader.close();
        throw error;
      }
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** Ends what is under way; what is in the drive stays there. */
  async close(): Promise<void> {
    this.#controller.abort(new KvmError('UnavailableError'));
    await until(this.#activity, ({ busy }) => !busy);
    this.#unfollow();
    this.#held?.release();
    this.#derived.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #compute(): MsdState {
    const images = this.#images;
    if (!images) return DISABLED;
    const { busy, uploading, downloading } = this.#activity.value;
    const { online, medium } = this.#driver.state.value;
    return {
      ...{ enabled: true, online, busy },
      drive: online ? driveState(medium, this.#selection.value, images) : null,
      storage: { ...images.state.value, uploading, downloading },
    };
  }

  async #connect(images: ImageStore): Promise<void> {
    this.#checkDisconnected();
    const { image, cdrom, rw } = this.#selection.value;
    if (image === '') throw new KvmError('MsdImageNotSelected');
    checkKnown(images, image);
    await this.#links?.check(image);
    this.#held?.release();
    const release = images.hold(image, rw ? 'write' : 'read');
    this.#held = { name: image, release };
    if (rw) {
      const protect = await images.makeWritable();
      const both = () => {
        release();
        protect();
      };
      this.#held = { name: image, release: both };
    }
    await this.#driver.insert({ source: images.pathOf(image), cdrom, rw });
    this.#log.info({ image, cdrom, rw }, 'Image connected');
  }

  async #disconnect(images: ImageStore): Promise<void> {
    const { medium } = this.#driver.state.value;
    if (medium === undefined) throw new KvmError('MsdDisconnectedError');
    this.#giveUp(images);
    await this.#driver.eject();
    const image = images.nameOf(medium.source) ?? '';
    this.#log.info({ image }, 'Image disconnected');
    await this.#select(() => ({ image, cdrom: medium.cdrom, rw: medium.rw }));
  }

  /** The machine waits for what it reads; so does whoever takes the medium out. */
  #giveUp(images: ImageStore): void {
    const { medium } = this.#driver.state.value;
    const name = medium && images.nameOf(medium.source);
    if (name !== undefined) this.#links?.giveUp(name);
  }

  async #select(change: (before: MsdSelection) => MsdSelection): Promise<void> {
    const selected = change(this.#selection.value);
    await this.#kept?.update(() => selected);
    this.#selection.set(selected);
  }

  #enter(): { readonly images: ImageStore; readonly leave: () => void } {
    const images = this.#images;
    if (!images) throw new KvmError('MsdDisabledError');
    this.#controller.signal.throwIfAborted();
    if (this.#activity.value.busy) throw new KvmError('MsdIsBusyError');
    this.#activity.set({ ...IDLE, busy: true });
    const leave = () => {
      this.#activity.set(IDLE);
      this.#holdMedium();
    };
    return { images, leave };
  }

  async #exclusively<T>(action: (images: ImageStore) => Promise<T>): Promise<T> {
    const { images, leave } = this.#enter();
    try {
      return await action(images);
    } finally {
      leave();
    }
  }

  async #receive(
    writer: ImageWriter,
    incoming: Incoming,
    listen: (uploading: MsdUpload) => void = () => undefined,
  ): Promise<void> {
    const { name, size } = incoming;
    const tell = (written: number) => {
      const uploading = { name, size, written };
      this.#activity.patch({ uploading });
      listen(uploading);
    };
    await receive(writer, incoming, tell, this.#controller.signal);
    this.#log.info({ image: name, size }, 'Image written');
  }

  #checkDisconnected(): void {
    if (this.#driver.state.value.medium) throw new KvmError('MsdConnectedError');
  }

  /** What is in the machine is held, also what an earlier server put there. */
  #holdMedium(): void {
    if (this.#activity.value.busy || !this.#images) return;
    const { medium } = this.#driver.state.value;
    const name = medium && this.#images.nameOf(medium.source);
    if (name === this.#held?.name) return;
    this.#held?.release();
    this.#held = undefined;
    if (name === undefined) return;
    try {
      this.#held = { name, release: this.#images.hold(name, medium?.rw ? 'write' : 'read') };
    } catch (error) {
      this.#log.warn({ err: error, image: name }, 'Another machine uses the image in the drive');
    }
  }
}

function checkKnown(images: ImageStore, name: string): void {
  if (!Object.hasOwn(images.state.value.images, name)) throw new KvmError('MsdUnknownImageError');
}

function isLinked(images: ImageStore, name: string): boolean {
  const all = images.state.value.images;
  return Object.hasOwn(all, name) && all[name]?.link !== undefined;
}
