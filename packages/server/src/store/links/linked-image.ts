import type { MsdImage } from '@crashcart/api';
import type { Log } from '../../core/log.ts';
import type { Unsubscribe } from '../../core/state.ts';
import { BlockCache } from './block-cache.ts';
import type { SourceFacts } from './block-source.ts';
import { shownUrl } from './link-url.ts';
import { NbdExport } from './nbd-export.ts';
import { openSource, type SourceAddress } from './open-source.ts';
import { type SourceState, SteadySource } from './steady-source.ts';

/** How long a source is kept open after a look at it: a machine may be about to read, ms. */
const REST_MS = 10_000;
/** Bytes of one piece of an image that is read as a whole. */
const PIECE_BYTES = 256 * 1024;

/** An image elsewhere, as it is kept. */
export interface ImageLink extends SourceAddress {
  readonly name: string;
  /** File name of its socket, without `.sock`. */
  readonly id: string;
  /** What it was when it was linked; nothing else is ever given out. */
  readonly facts: SourceFacts;
  /** When it was linked, s since the epoch. */
  readonly linkedS: number;
}

/** A linked image at work: its source, what was read of it last, and the socket that gives it out. */
export class LinkedImage {
  readonly link: ImageLink;
  /** Absolute path of the unix socket. */
  readonly socket: string;
  readonly #source: SteadySource;
  readonly #cache: BlockCache;
  #export: NbdExport | undefined;
  /** Those that read it as a whole. */
  #readers = 0;
  #resting: NodeJS.Timeout | undefined;

  private constructor(link: ImageLink, socket: string, log: Log) {
    this.link = link;
    this.socket = socket;
    this.#source = new SteadySource({
      open: (signal) => openSource(link, link.facts, signal),
      ...{ image: link.name, log },
    });
    this.#cache = new BlockCache(link.facts.size, (offset, length) =>
      this.#source.read(offset, length),
    );
    this.#source.state.subscribe(() => this.#restSoon());
  }

  /** Begins to serve it; rejects with the system's error. */
  static async open(link: ImageLink, socket: string, log: Log): Promise<LinkedImage> {
    const made = new LinkedImage(link, socket, log);
    made.#export = await NbdExport.listen({
      ...{ path: socket, sizeBytes: link.facts.size },
      read: (offset, length) => made.#cache.read(offset, length),
      onIdle: () => made.#rest(),
    });
    return made;
  }

  /** What PiKVM's API shows of it, and where it is. */
  get image(): MsdImage {
    const { facts, linkedS, url } = this.link;
    return Object.freeze({
      ...{ complete: true, removable: true, writable: false },
      ...{ size: facts.size, mod_ts: linkedS },
      link: { url: shownUrl(url), ...shownState(this.#source.state.value) },
    });
  }

  /** Calls `listener` when the state of the source changes. */
  subscribe(listener: () => void): Unsubscribe {
    return this.#source.state.subscribe(listener);
  }

  /** Looks whether the source gives it; rejects with why not. */
  async check(): Promise<void> {
    try {
      await this.#source.check();
    } finally {
      this.#restSoon();
    }
  }

  /** Fails the one machine that reads it, until the next `check`; others go on. */
  giveUp(): void {
    if ((this.#export?.clients ?? 0) <= 1) this.#source.giveUp();
  }

  /** The whole of it; throws when the source is away for too long. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    const { size } = this.link.facts;
    this.#readers += 1;
    try {
      for (let at = 0; at < size; at += PIECE_BYTES) {
        yield await this.#cache.read(at, Math.min(PIECE_BYTES, size - at));
      }
    } finally {
      this.#readers -= 1;
      this.#rest();
    }
  }

  /** Ends whoever reads it. */
  async close(): Promise<void> {
    await this.#export?.close();
    clearTimeout(this.#resting);
    await this.#source.close();
  }

  #restSoon(): void {
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.#rest(), REST_MS);
    this.#resting.unref();
  }

  /** Lets go of the source unless somebody uses it. */
  #rest(): void {
    if (this.#readers > 0 || (this.#export?.clients ?? 0) > 0) return;
    this.#cache.clear();
    this.#source.rest();
  }
}

function shownState(state: SourceState) {
  if (state.kind === 'online') return { state: state.kind, since: null, reason: '' };
  const { kind, sinceMs, reason } = state;
  return { state: kind, since: Math.floor(sinceMs / 1000), reason };
}
