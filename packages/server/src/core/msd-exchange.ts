import { imageNameIn, KvmError, type MsdCompression, type MsdUpload } from '@crashcart/api';
import { anySignal } from './any-signal.ts';
import type {
  ImageStore,
  ImageWriter,
  OpenRemoteImage,
  PackImage,
  RemoteImageOptions,
} from './image-store.ts';
import type { Log } from './log.ts';
import type { MsdActivity } from './msd-activity.ts';
import { counted, type Incoming, leaving, receive, ticking } from './msd-transfers.ts';

/** How often a fetch yields (recorded), ms. */
const LINE_MS = 1000;

/** What to fetch and how it shall be called: as the remote does, when `image` is empty. */
export interface MsdRemoteOptions extends RemoteImageOptions {
  readonly url: string;
  readonly prefix: string;
  readonly image: string;
  readonly removeIncomplete: boolean;
}

/** An image on its way out. */
export interface Outgoing {
  /** Bytes; undefined when it is packed. */
  readonly size: number | undefined;
  /** Must be iterated. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** What an exchange needs. */
export interface MsdExchangeOptions {
  readonly activity: MsdActivity;
  readonly openRemote: OpenRemoteImage;
  readonly pack: PackImage;
  readonly log: Log;
}

/** Images that come into the storage and go out of it. Who calls has entered the activity. */
export class MsdExchange {
  readonly #activity: MsdActivity;
  readonly #openRemote: OpenRemoteImage;
  readonly #pack: PackImage;
  readonly #log: Log;

  constructor({ activity, openRemote, pack, log }: MsdExchangeOptions) {
    this.#activity = activity;
    this.#openRemote = openRemote;
    this.#pack = pack;
    this.#log = log;
  }

  /** See `Msd.write`. */
  async write(images: ImageStore, incoming: Incoming): Promise<MsdUpload> {
    const { name, size } = incoming;
    const writer = await images.create(name, size);
    await this.#receive(writer, incoming);
    return { name, size, written: size };
  }

  /** See `Msd.writeRemote`; calls `leave` when what it resolves with has ended. */
  async fetch(
    images: ImageStore,
    options: MsdRemoteOptions,
    leave: () => void,
  ): Promise<AsyncGenerator<MsdUpload>> {
    const { url, prefix, removeIncomplete } = options;
    const given = givenName(options);
    if (given !== undefined && images.state.value.images[given]?.complete) {
      throw new KvmError('MsdImageExistsError');
    }
    const signal = anySignal([options.signal, this.#activity.signal]);
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
  }

  /** See `Msd.read`; calls `leave` when the chunks have ended. */
  async read(
    images: ImageStore,
    {
      name,
      compression,
      signal,
    }: {
      readonly name: string;
      readonly compression: MsdCompression;
      readonly signal: AbortSignal;
    },
    leave: () => void,
  ): Promise<Outgoing> {
    const reader = await images.open(name);
    try {
      const { size } = reader;
      const tell = (readed: number) => this.#activity.tell({ downloading: { name, size, readed } });
      const chunks = counted(reader.chunks(), tell, this.#activity.signal);
      if (compression === 'none') return { size, chunks: leaving(chunks, leave) };
      const packed = await this.#pack(compression, chunks, signal);
      return { size: undefined, chunks: leaving(packed, leave) };
    } catch (error) {
      await reader.close();
      throw error;
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
      this.#activity.tell({ uploading });
      listen(uploading);
    };
    await receive(writer, incoming, tell, this.#activity.signal);
    this.#log.info({ image: name, size }, 'Image written');
  }
}

/** The name in the storage, if it does not depend on the remote. Throws ValidatorError. */
export function givenName({ prefix, image }: MsdRemoteOptions): string | undefined {
  return image === '' ? undefined : imageNameIn(prefix, image);
}
