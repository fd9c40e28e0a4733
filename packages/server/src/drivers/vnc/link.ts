import { performance } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';
import type { Rect } from '../../core/video-source.ts';
import { RfbClient, type RfbClientOptions, type RfbSink } from '../../protocols/rfb/client.ts';
import { updateRequest } from '../../protocols/rfb/messages.ts';
import type { RfbAudioSink } from '../../protocols/rfb/qemu-audio.ts';

/** Who takes the pixels of a link. */
export interface VncScreen {
  /** The screen is there and has this size in px; answers where its pixels go, BGRX. */
  connected(link: VncLink, width: number, height: number): Uint8Array;
  /** An update is complete; null = everything may have changed. `beginMs` is monotonic. */
  updated(dirty: readonly Rect[] | null, beginMs: number): void;
  /** An update without pixels is complete: what was asked for may have been forgotten. */
  passedOver(): void;
}

/** What a link is made of. */
export interface VncLinkOptions {
  readonly client: RfbClientOptions;
  /** LED state, bits of RFB_LED. */
  readonly onLeds: (mask: number) => void;
  /** The handshake is done. */
  readonly established: () => void;
  /** The server has sound, which `link` can ask for. */
  readonly onAudioOffered?: (link: VncLink) => void;
  /** Who takes the sound that is asked for. */
  readonly audio?: RfbAudioSink;
  /** Puts TLS on the socket; absent where it is never asked for. */
  readonly upgrade?: (socket: Duplex, kind: 'anonymous' | 'certificate') => Promise<Duplex>;
}

/** Larger updates count as changes of the whole picture. */
const MAX_DIRTY = 1024;

/** One VNC connection: turns the parser's calls into frames of the attached feed. */
export class VncLink implements RfbSink {
  readonly #options: VncLinkOptions;
  readonly #rfb: RfbClient;
  #socket: Duplex;
  #name = '';
  #takesExtendedKeys = false;
  #size: { readonly width: number; readonly height: number } | undefined;
  #feed: VncScreen | undefined;
  /** A request that the server has not answered yet. */
  #requested = false;
  #dirty: Rect[] = [];
  #allDirty = false;
  #beginMs = 0;
  #heardMs = performance.now();
  #failure: unknown;
  #closed: () => void = () => {};
  readonly #onData = (chunk: Buffer) => this.#take(chunk);

  constructor(socket: Duplex, options: VncLinkOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#rfb = new RfbClient(this, options.client);
  }

  /** What the server calls its screen. */
  get name(): string {
    return this.#name;
  }

  /** Size of the screen in px; undefined before the handshake is done. */
  get size(): { readonly width: number; readonly height: number } | undefined {
    return this.#size;
  }

  /** Whether keys can be told by their scan codes. */
  get takesExtendedKeys(): boolean {
    return this.#takesExtendedKeys;
  }

  /** When the server last sent anything, ms on the monotonic clock. */
  get heardMs(): number {
    return this.#heardMs;
  }

  /** Whether what is sent now would only wait here. */
  get isCongested(): boolean {
    return this.#socket.writableNeedDrain;
  }

  /** Resolves when it would not wait any more, or the connection has ended. */
  drained(): Promise<void> {
    const socket = this.#socket;
    if (!socket.writableNeedDrain || socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      const settle = () => {
        socket.off('drain', settle);
        socket.off('close', settle);
        resolve();
      };
      socket.once('drain', settle);
      socket.once('close', settle);
    });
  }

  /** Until the connection ends; rejects with the reason when it was no plain close. */
  run(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => this.#socket.destroy();
      if (signal.aborted) abort();
      signal.addEventListener('abort', abort, { once: true });
      this.#closed = () => {
        signal.removeEventListener('abort', abort);
        this.#rfb.stop();
        if (this.#failure) reject(this.#failure);
        else resolve();
      };
      this.#listen();
    });
  }

  /** Ends the connection because of an error. */
  fail(error: unknown): void {
    this.#failure ??= error;
    this.#socket.destroy();
  }

  /** Ends the connection after what was sent. */
  end(): void {
    this.#socket.end(() => this.#socket.destroy());
  }

  attach(feed: VncScreen | undefined): void {
    this.#feed = feed;
    if (!feed) this.#rfb.setFramebuffer(undefined);
    else if (this.#size) feed.connected(this, this.#size.width, this.#size.height);
  }

  /** Whether an update was asked for and has not come. */
  get isAwaited(): boolean {
    return this.#requested;
  }

  /** Asks for an update unless one is awaited; a full one also then. */
  request(incremental: boolean): void {
    if (!this.#size || (incremental && this.#requested)) return;
    const { width, height } = this.#size;
    if (!incremental) this.#allDirty = true;
    this.#requested = true;
    this.send(updateRequest(incremental, width, height));
  }

  /** Asks for one pixel, which a server that lives sends at once. */
  probe(): void {
    if (this.#size) this.send(updateRequest(false, 1, 1));
  }

  setFramebuffer(framebuffer: Uint8Array): void {
    this.#rfb.setFramebuffer(framebuffer);
  }

  send(bytes: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  async secure(kind: 'anonymous' | 'certificate'): Promise<void> {
    const { upgrade } = this.#options;
    if (!upgrade) throw new Error('TLS was not asked for');
    this.#socket.off('data', this.#onData);
    this.#socket = await upgrade(this.#socket, kind);
    this.#listen();
  }

  named(name: string): void {
    this.#name = name;
  }

  resized(width: number, height: number): Uint8Array | undefined {
    const isFirst = !this.#size;
    this.#size = { width, height };
    this.#allDirty = true;
    if (isFirst) this.#options.established();
    // A new feed that is told now sets its framebuffer itself, and the parser gets the same one.
    return this.#feed?.connected(this, width, height);
  }

  updateBegin(): void {
    this.#beginMs = performance.now();
    this.#dirty = [];
    this.#requested = false;
  }

  rect(rect: Rect): void {
    if (this.#dirty.length < MAX_DIRTY) this.#dirty.push(rect);
    else this.#allDirty = true;
  }

  updateEnd(): void {
    // LEDs and sizes come in updates of their own, unasked, and before the pixels of a full request.
    // A request stays open then for QEMU, but TigerVNC takes it as answered.
    if (this.#dirty.length === 0) {
      this.#feed?.passedOver();
      return;
    }
    const dirty = this.#allDirty ? null : this.#dirty;
    this.#allDirty = false;
    this.#feed?.updated(dirty, this.#beginMs);
  }

  leds(mask: number): void {
    this.#options.onLeds(mask);
  }

  extendedKeys(): void {
    this.#takesExtendedKeys = true;
  }

  audioOffered(): void {
    this.#options.onAudioOffered?.(this);
  }

  audioBegin(): void {
    this.#options.audio?.audioBegin();
  }

  audio(samples: Uint8Array): void {
    this.#options.audio?.audio(samples);
  }

  audioEnd(): void {
    this.#options.audio?.audioEnd();
  }

  #listen(): void {
    this.#socket.on('data', this.#onData);
    this.#socket.on('error', (error) => {
      this.#failure ??= error;
    });
    this.#socket.on('close', () => this.#closed());
  }

  #take(chunk: Buffer): void {
    this.#heardMs = performance.now();
    try {
      const socket = this.#socket;
      const pending = this.#rfb.push(chunk);
      if (!pending) return;
      // Of a socket that TLS is put on, the reading is TLS's business.
      if (socket.listeners('data').includes(this.#onData)) socket.pause();
      pending.then(
        () => this.#socket.resume(),
        (error: unknown) => this.fail(error),
      );
    } catch (error) {
      this.fail(error);
    }
  }
}
