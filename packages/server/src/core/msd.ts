import {
  isImageUrl,
  KvmError,
  type MsdCompression,
  type MsdState,
  type MsdUpload,
} from '@crashcart/api';
import { anySignal } from './any-signal.ts';
import type {
  ImageLinks,
  ImageStore,
  LinkRequest,
  OpenRemoteImage,
  PackImage,
} from './image-store.ts';
import type { Log } from './log.ts';
import { MsdActivity } from './msd-activity.ts';
import { driveState, type MsdSelection, NOTHING_SELECTED } from './msd-drive.ts';
import type { MsdDriver } from './msd-driver.ts';
import { givenName, MsdExchange, type MsdRemoteOptions, type Outgoing } from './msd-exchange.ts';
import { MsdHold } from './msd-hold.ts';
import type { Incoming } from './msd-transfers.ts';
import { DerivedCell, type ReadonlyCell, StateCell, type Unsubscribe } from './state.ts';

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
  readonly #log: Log;
  readonly #selection: StateCell<MsdSelection>;
  readonly #activity = new MsdActivity(() => this.#holdMedium());
  readonly #hold: MsdHold | undefined;
  readonly #exchange: MsdExchange;
  readonly #derived: DerivedCell<MsdState>;
  readonly #unfollow: Unsubscribe;

  constructor({ driver, images, links, selection, openRemote, pack, log }: MsdOptions) {
    this.#driver = driver;
    this.#images = driver.enabled ? images : undefined;
    this.#hold = this.#images && new MsdHold(this.#images, log);
    this.#links = links;
    this.#kept = selection;
    this.#log = log;
    this.#exchange = new MsdExchange({ activity: this.#activity, openRemote, pack, log });
    this.#selection = new StateCell(selection?.value ?? NOTHING_SELECTED);
    const sources = [driver.state, this.#selection, this.#activity.state];
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
    return await this.#exclusively((images) => {
      this.#checkDisconnected();
      return this.#exchange.write(images, incoming);
    });
  }

  /**
   * Fetches an image. Resolves when the remote has begun to send it; what it resolves with tells
   * the progress about once a second until the image is safely on disk. Throws as `write` and
   * `OpenRemoteImage` do, then or in the middle.
   */
  async writeRemote(options: MsdRemoteOptions): Promise<AsyncGenerator<MsdUpload>> {
    // A name that cannot be is told also while the drive is busy.
    givenName(options);
    return await this.#begin((images, leave) => this.#exchange.fetch(images, options, leave));
  }

  /**
   * Lists an image that stays where it is; what is in the drive stays in. Throws as
   * `ImageLinks.link` does.
   */
  async link(request: LinkRequest): Promise<{ readonly name: string; readonly size: number }> {
    const links = this.#links;
    if (!links) throw new KvmError('MsdDisabledError');
    return await this.#exclusively(async () => {
      const signal = anySignal([request.signal, this.#activity.signal]);
      const linked = await links.link({ ...request, signal });
      this.#log.info({ image: linked.name, size: linked.size }, 'Image linked');
      return linked;
    });
  }

  /**
   * Gives an image out, packed or as it is; `size` is undefined when it is packed. The chunks must
   * be iterated. Throws MsdConnectedError, MsdUnknownImageError, UnavailableError.
   */
  async read(name: string, compression: MsdCompression, signal: AbortSignal): Promise<Outgoing> {
    const what = { name, compression, signal };
    return await this.#begin((images, leave) => this.#exchange.read(images, what, leave));
  }

  /** Ends what is under way; what is in the drive stays there. */
  async close(): Promise<void> {
    await this.#activity.close();
    this.#unfollow();
    this.#hold?.release();
    this.#derived.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #compute(): MsdState {
    const images = this.#images;
    if (!images) return DISABLED;
    const { busy, uploading, downloading } = this.#activity.state.value;
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
    await this.#hold?.take(image, rw);
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
    return { images, leave: this.#activity.enter() };
  }

  async #exclusively<T>(action: (images: ImageStore) => Promise<T>): Promise<T> {
    const { images, leave } = this.#enter();
    try {
      return await action(images);
    } finally {
      leave();
    }
  }

  /** For what ends by itself later, unless it cannot even begin. */
  async #begin<T>(action: (images: ImageStore, leave: () => void) => Promise<T>): Promise<T> {
    const { images, leave } = this.#enter();
    try {
      this.#checkDisconnected();
      return await action(images, leave);
    } catch (error) {
      leave();
      throw error;
    }
  }

  #checkDisconnected(): void {
    if (this.#driver.state.value.medium) throw new KvmError('MsdConnectedError');
  }

  /** While something is under way it holds what it needs itself. */
  #holdMedium(): void {
    if (!this.#activity.state.value.busy) this.#hold?.follow(this.#driver.state.value.medium);
  }
}

function checkKnown(images: ImageStore, name: string): void {
  if (!Object.hasOwn(images.state.value.images, name)) throw new KvmError('MsdUnknownImageError');
}

function isLinked(images: ImageStore, name: string): boolean {
  const all = images.state.value.images;
  return Object.hasOwn(all, name) && all[name]?.link !== undefined;
}
