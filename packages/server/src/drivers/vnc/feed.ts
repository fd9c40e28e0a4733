import { performance } from 'node:perf_hooks';
import { type ReadonlyCell, StateCell } from '../../core/state.ts';
import type { Frame, Rect, VideoFeed, VideoSignal } from '../../core/video-source.ts';
import { poke } from '../../protocols/rfb/messages.ts';
import type { VncLink, VncScreen } from './link.ts';

/** What a feed is made of. */
export interface VncFeedOptions {
  /** Frames per second, 0 = as many as there are. */
  readonly desiredFps: number;
  /** Why there is no picture whatever the connection does, as a sentence. */
  readonly trouble: ReadonlyCell<string | undefined>;
  /** Why there is none without a connection. */
  readonly connecting: string;
  /** Whether this server is a QEMU, which slows its refresh down when nothing happens. */
  readonly isQemu: (link: VncLink) => boolean;
  readonly closed: () => void;
}

/** QEMU's fastest refresh. */
const QEMU_REFRESH_MS = 30;
/** A poke this often keeps it so fast. */
const POKE_MS = 60;
/** Before an unanswered request is made again: a server that tells nothing again and again is no storm. */
const AGAIN_MS = 16;

/** The running capture of a VNC screen: asks for pixels while somebody watches. */
export class VncFeed implements VideoFeed, VncScreen {
  onFrame: ((frame: Frame) => void) | undefined;
  readonly #options: VncFeedOptions;
  readonly #signal: StateCell<VideoSignal>;
  readonly #unsubscribe: () => void;
  #desiredFps: number;
  #watched = false;
  #link: VncLink | undefined;
  #framebuffer = new Uint8Array();
  #width = 0;
  #height = 0;
  #seq = 0;
  #pokeTimer: NodeJS.Timeout | undefined;
  #requestTimer: NodeJS.Timeout | undefined;

  constructor(options: VncFeedOptions) {
    this.#options = options;
    this.#desiredFps = options.desiredFps;
    this.#signal = new StateCell<VideoSignal>(this.#currentSignal());
    this.#unsubscribe = options.trouble.subscribe(() => this.#refresh());
  }

  get signal(): ReadonlyCell<VideoSignal> {
    return this.#signal;
  }

  setWatched(watched: boolean): void {
    if (watched === this.#watched) return;
    this.#watched = watched;
    this.#refresh();
  }

  setDesiredFps(desiredFps: number): void {
    this.#desiredFps = desiredFps;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unsubscribe();
    this.#stopTimers();
    this.#link = undefined;
    this.onFrame = undefined;
    this.#options.closed();
  }

  /** The screen is there and has this size; answers where its pixels go. */
  connected(link: VncLink, width: number, height: number): Uint8Array {
    this.#link = link;
    this.#width = width;
    this.#height = height;
    this.#framebuffer = this.#blank(width * height * 4);
    link.setFramebuffer(this.#framebuffer);
    this.#refresh();
    return this.#framebuffer;
  }

  disconnected(): void {
    this.#link = undefined;
    this.#refresh();
  }

  updated(dirty: readonly Rect[] | null, beginMs: number): void {
    const now = performance.now();
    this.#seq += 1;
    if (!this.#live) return;
    this.#rearm(now - beginMs);
    this.onFrame?.({
      seq: this.#seq,
      width: this.#width,
      height: this.#height,
      format: 'bgrx',
      data: this.#framebuffer,
      dirty,
      grabBeginMs: beginMs,
      grabEndMs: now,
    });
  }

  passedOver(): void {
    if (!this.#live) return;
    clearTimeout(this.#requestTimer);
    // The server knows what a full request has left open, and a full one would only be passed over again.
    this.#requestTimer = setTimeout(() => this.#link?.request(true), AGAIN_MS);
  }

  get #live(): boolean {
    return this.#watched && this.#signal.value.online;
  }

  #currentSignal(): VideoSignal {
    const trouble = this.#options.trouble.value;
    if (trouble !== undefined) return { online: false, reason: trouble };
    if (!this.#link) return { online: false, reason: this.#options.connecting };
    return { online: true, width: this.#width, height: this.#height };
  }

  /** A screen that keeps changing its size must not cost a framebuffer each time. */
  #blank(bytes: number): Uint8Array<ArrayBuffer> {
    if (bytes > this.#framebuffer.buffer.byteLength) return new Uint8Array(bytes);
    return new Uint8Array(this.#framebuffer.buffer, 0, bytes).fill(0);
  }

  /** After any change of power, connection or watchers: the signal, the pokes and a whole picture. */
  #refresh(): void {
    this.#signal.set(this.#currentSignal());
    this.#stopTimers();
    if (!this.#live || !this.#link) return;
    if (this.#refreshMs > 0) {
      this.#pokeTimer = setInterval(() => this.#link?.send(poke()), POKE_MS);
      this.#link.send(poke());
    }
    this.#link.request(false);
  }

  /** Asks for the next update at once, or later when fewer frames are wanted than there are. */
  #rearm(tookMs: number): void {
    clearTimeout(this.#requestTimer);
    const refreshMs = this.#refreshMs;
    const intervalMs = this.#desiredFps > 0 ? 1000 / this.#desiredFps : 0;
    const waitMs = intervalMs - refreshMs - tookMs;
    // A server that refreshes in ticks answers at its next one, so a short wait would only miss one.
    if (waitMs <= refreshMs / 2) this.#link?.request(true);
    else this.#requestTimer = setTimeout(() => this.#link?.request(true), waitMs);
  }

  /** 0 of a server that has no ticks. */
  get #refreshMs(): number {
    return this.#link && this.#options.isQemu(this.#link) ? QEMU_REFRESH_MS : 0;
  }

  #stopTimers(): void {
    clearInterval(this.#pokeTimer);
    clearTimeout(this.#requestTimer);
  }
}
