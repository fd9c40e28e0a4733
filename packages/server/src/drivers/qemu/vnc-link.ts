import { performance } from 'node:perf_hooks';
import type { Rect } from '../../core/video-source.ts';
import { RfbClient, type RfbSink } from '../../protocols/rfb.ts';
import { updateRequest } from '../../protocols/rfb-messages.ts';

/** What a link writes to. */
export interface VncSocket {
  write(bytes: Uint8Array): unknown;
}

/** Who takes the pixels of a link. */
export interface VncScreen {
  /** The screen is there and has this size in px; answers where its pixels go, BGRX. */
  connected(link: VncLink, width: number, height: number): Uint8Array;
  /** An update is complete; null = everything may have changed. `beginMs` is monotonic. */
  updated(dirty: readonly Rect[] | null, beginMs: number): void;
}

/** One VNC connection: turns the parser's calls into frames of the attached feed. */
export class VncLink implements RfbSink {
  readonly #socket: VncSocket;
  readonly #rfb = new RfbClient(this);
  readonly #onLeds: (mask: number) => void;
  readonly #established: () => void;
  #size: { readonly width: number; readonly height: number } | undefined;
  #feed: VncScreen | undefined;
  /** A request that QEMU has not answered yet. */
  #requested = false;
  #dirty: Rect[] = [];
  #allDirty = false;
  #beginMs = 0;

  constructor(socket: VncSocket, onLeds: (mask: number) => void, established: () => void) {
    this.#socket = socket;
    this.#onLeds = onLeds;
    this.#established = established;
  }

  push(chunk: Uint8Array): void {
    this.#rfb.push(chunk);
  }

  attach(feed: VncScreen | undefined): void {
    this.#feed = feed;
    if (!feed) this.#rfb.setFramebuffer(undefined);
    else if (this.#size) feed.connected(this, this.#size.width, this.#size.height);
  }

  /** Asks for an update unless one is awaited; a full one also then. */
  request(incremental: boolean): void {
    if (!this.#size || (incremental && this.#requested)) return;
    const { width, height } = this.#size;
    if (!incremental) this.#allDirty = true;
    this.#requested = true;
    this.send(updateRequest(incremental, width, height));
  }

  setFramebuffer(framebuffer: Uint8Array): void {
    this.#rfb.setFramebuffer(framebuffer);
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  resized(width: number, height: number): Uint8Array | undefined {
    if (!this.#size) this.#established();
    this.#size = { width, height };
    this.#allDirty = true;
    // A new feed that is told now sets its framebuffer itself, and the parser gets the same one.
    return this.#feed?.connected(this, width, height);
  }

  updateBegin(): void {
    this.#beginMs = performance.now();
    this.#dirty = [];
  }

  rect(rect: Rect): void {
    this.#dirty.push(rect);
  }

  updateEnd(): void {
    // LEDs and sizes come unasked, in updates of their own, while a request is still open.
    if (this.#dirty.length === 0) return;
    this.#requested = false;
    const dirty = this.#allDirty ? null : this.#dirty;
    this.#allDirty = false;
    this.#feed?.updated(dirty, this.#beginMs);
  }

  leds(mask: number): void {
    this.#onLeds(mask);
  }
}
