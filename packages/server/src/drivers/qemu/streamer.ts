import { performance } from 'node:perf_hooks';
import type { Log } from '../../core/log.ts';
import { sleep } from '../../core/sleep.ts';
import { type ReadonlyCell, StateCell } from '../../core/state.ts';
import type {
  Frame,
  Rect,
  VideoFeed,
  VideoParams,
  VideoSignal,
  VideoSource,
} from '../../core/video-source.ts';
import { connectUnix } from '../../platform/unix-socket.ts';
import { poke } from '../../protocols/rfb-messages.ts';
import { VncLink, type VncScreen } from './vnc-link.ts';

type Socket = Awaited<ReturnType<typeof connectUnix>>;

/** What the source needs of its machine. */
export interface QemuVideoOptions {
  readonly vncSocketPath: string;
  /** Whether the guest runs: QEMU keeps showing the last picture of a machine that is off. */
  readonly powered: ReadonlyCell<boolean>;
  /** Why there is no picture while it is not powered, as a sentence. */
  readonly offReason: () => string;
  /** Keyboard LEDs, bits of RFB_LED. */
  readonly onLeds: (mask: number) => void;
  readonly log: Log;
}

/** QEMU slows its refresh down when nothing happens; a poke this often keeps it at full speed. */
const POKE_MS = 60;
/** QEMU's fastest refresh. */
const REFRESH_MS = 30;
const BACKOFF_MIN_MS = 50;
const BACKOFF_MAX_MS = 2000;
const CONNECTING = 'Waiting for the screen of the machine.';

/**
 * The screen of a QEMU machine over its VNC socket. The connection stays open also when nobody
 * watches, because QEMU tells the keyboard LEDs only there; pixels are asked for only while somebody
 * does.
 */
export class QemuVideoSource implements VideoSource {
  readonly name = 'qemu';
  readonly resolutions = undefined;
  readonly #options: QemuVideoOptions;
  readonly #ended = new AbortController();
  readonly #running: Promise<void>;
  #link: VncLink | undefined;
  #feed: QemuFeed | undefined;

  constructor(options: QemuVideoOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  open(params: VideoParams): VideoFeed {
    const feed = new QemuFeed(this.#options, params.desiredFps, () => {
      if (this.#feed === feed) this.#feed = undefined;
      this.#link?.attach(this.#feed);
    });
    this.#feed = feed;
    this.#link?.attach(feed);
    return feed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new Error('closed'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ended;
    let backoffMs = BACKOFF_MIN_MS;
    while (!signal.aborted) {
      try {
        const socket = await connectUnix(this.#options.vncSocketPath, signal);
        await this.#converse(socket, () => {
          backoffMs = BACKOFF_MIN_MS;
        });
      } catch (error) {
        this.#options.log.debug({ err: error }, 'no connection to the screen of the machine');
      }
      if (signal.aborted) return;
      await sleep(backoffMs, signal).catch(() => {});
      backoffMs = Math.min(BACKOFF_MAX_MS, backoffMs * 2);
    }
  }

  /** Until the connection ends; throws why when it was not the other side's plain close. */
  #converse(socket: Socket, established: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const link = new VncLink(socket, this.#options.onLeds, established);
      this.#link = link;
      link.attach(this.#feed);
      const abort = () => socket.destroy();
      this.#ended.signal.addEventListener('abort', abort, { once: true });
      let failure: unknown;
      socket.on('data', (chunk) => {
        try {
          link.push(chunk);
        } catch (error) {
          failure = error;
          socket.destroy();
        }
      });
      socket.on('error', (error) => {
        failure ??= error;
      });
      socket.on('close', () => {
        this.#ended.signal.removeEventListener('abort', abort);
        this.#link = undefined;
        this.#feed?.disconnected();
        if (failure) reject(failure);
        else resolve();
      });
    });
  }
}

class QemuFeed implements VideoFeed, VncScreen {
  onFrame: ((frame: Frame) => void) | undefined;
  readonly #options: QemuVideoOptions;
  readonly #closed: () => void;
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

  constructor(options: QemuVideoOptions, desiredFps: number, closed: () => void) {
    this.#options = options;
    this.#closed = closed;
    this.#desiredFps = desiredFps;
    this.#signal = new StateCell<VideoSignal>(this.#currentSignal());
    this.#unsubscribe = options.powered.subscribe(() => this.#refresh());
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
    this.#closed();
  }

  /** The screen is there and has this size; answers where its pixels go. */
  connected(link: VncLink, width: number, height: number): Uint8Array {
    this.#link = link;
    this.#width = width;
    this.#height = height;
    this.#framebuffer = new Uint8Array(width * height * 4);
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
    this.#rearm();
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

  get #live(): boolean {
    return this.#watched && this.#signal.value.online;
  }

  #currentSignal(): VideoSignal {
    if (!this.#options.powered.value) return { online: false, reason: this.#options.offReason() };
    if (!this.#link) return { online: false, reason: CONNECTING };
    return { online: true, width: this.#width, height: this.#height };
  }

  /** After any change of power, connection or watchers: the signal, the pokes and a whole picture. */
  #refresh(): void {
    this.#signal.set(this.#currentSignal());
    this.#stopTimers();
    if (!this.#live) return;
    this.#pokeTimer = setInterval(() => this.#link?.send(poke()), POKE_MS);
    this.#link?.send(poke());
    this.#link?.request(false);
  }

  /** Asks for the next update at once, or later when fewer frames are wanted than QEMU gives. */
  #rearm(): void {
    const intervalMs = this.#desiredFps > 0 ? 1000 / this.#desiredFps : 0;
    const waitMs = intervalMs - REFRESH_MS;
    // QEMU answers at its next tick, so a short wait would only miss one.
    if (waitMs < REFRESH_MS / 2) this.#link?.request(true);
    else this.#requestTimer = setTimeout(() => this.#link?.request(true), waitMs);
  }

  #stopTimers(): void {
    clearInterval(this.#pokeTimer);
    clearTimeout(this.#requestTimer);
  }
}
