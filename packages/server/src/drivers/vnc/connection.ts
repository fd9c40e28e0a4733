import type { Duplex } from 'node:stream';
import { anySignal } from '../../core/any-signal.ts';
import type { Log } from '../../core/log.ts';
import { sleep } from '../../core/sleep.ts';
import { type ReadonlyCell, StateCell } from '../../core/state.ts';
import { connectTcp, secureSocket } from '../../platform/tcp-socket.ts';
import { compression, ENCODING, jpegQuality } from '../../protocols/rfb/messages.ts';
import { loadJpegTurbo } from '../../video/jpeg-turbo.ts';
import { VncLink, type VncScreen } from './link.ts';
import { isLocal, placeOf, securityFor, trustFor, type VncServer } from './vnc-server.ts';
import { isRefusal, plain, SilentServer, vncTrouble } from './vnc-trouble.ts';
import { ZlibInflater } from './zlib-inflater.ts';

/** Whether the server can be used now, and if not, why not, as a sentence. */
export type VncStatus =
  | { readonly online: true }
  | { readonly online: false; readonly reason: string };

/** What a connection is made of. */
export interface VncConnectionOptions {
  readonly server: VncServer;
  readonly log: Log;
  /** What is offered instead of the usual, as of RfbClientOptions; for tests of one encoding. */
  readonly encodings?: readonly number[];
  /** From the first word to the picture's size, ms (15 000). */
  readonly handshakeMs?: number;
  /** Of a server that says nothing: after this it is asked for a pixel, ms (10 000). */
  readonly quietMs?: number;
}

/** The wait after a failure doubles from the first to the last, ms. */
const RETRY = { first: 50, last: 5000 };
/** After a refusal: a password that is wrong would lock the account. */
const REFUSED = { first: 5000, last: 60_000 };
/** Questions for a pixel that a living server may leave open. */
const PROBES = 2;
const HANDSHAKE_MS = 15_000;
const QUIET_MS = 10_000;
/** Four of Tight, and ZRLE's. */
const ZLIB_STREAMS = 5;
/** At this quality of 0 to 9 text stays sharp. */
const QUALITY = 8;
/** Of 0 to 9: what is more costs the server more time than the network saves. */
const COMPRESSION = 2;
const PIXELS = [ENCODING.tight, ENCODING.zrle, ENCODING.hextile, ENCODING.copyRect, ENCODING.raw];
const NEWS = [
  ...[ENCODING.desktopSize, ENCODING.extendedDesktopSize, ENCODING.lastRect],
  ...[ENCODING.ledState, ENCODING.vmwareLedState, ENCODING.extendedKeys],
];

/** The one connection to a VNC server: made again and again until it is closed. */
export class VncConnection implements AsyncDisposable {
  readonly #options: VncConnectionOptions;
  readonly #log: Log;
  readonly #status = new StateCell<VncStatus>({
    online: false,
    reason: 'The VNC server is being connected.',
  });
  readonly #link = new StateCell<VncLink | undefined>(undefined);
  readonly #leds = new StateCell<number | undefined>(undefined);
  readonly #ended = new AbortController();
  readonly #running: Promise<void>;
  #current: VncLink | undefined;
  #screen: VncScreen | undefined;

  constructor(options: VncConnectionOptions) {
    this.#options = options;
    this.#log = options.log.child({ vnc: placeOf(options.server) });
    this.#running = this.#run();
  }

  get status(): ReadonlyCell<VncStatus> {
    return this.#status;
  }

  /** The connection whose handshake is done; undefined while there is none. */
  get link(): ReadonlyCell<VncLink | undefined> {
    return this.#link;
  }

  /** Bits of RFB_LED; undefined where the server has not told them. */
  get leds(): ReadonlyCell<number | undefined> {
    return this.#leds;
  }

  /** Who takes the pixels, also of later connections; undefined throws them away. */
  attach(screen: VncScreen | undefined): void {
    this.#screen = screen;
    this.#current?.attach(screen);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new Error('closed'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ended;
    let [soonMs, lateMs] = [RETRY.first, REFUSED.first];
    let told = '';
    while (!signal.aborted) {
      const beginMs = performance.now();
      const error = await this.#serve(() => {
        lateMs = REFUSED.first;
        told = '';
      });
      if (signal.aborted) return this.#gone('The connection to the VNC server was closed.');
      const reason = vncTrouble(error, this.#options.server);
      // Once a reason: a server that is away for days must not fill the log.
      if (reason !== told) this.#log.warn({ reason }, 'The VNC server cannot be used');
      told = reason;
      this.#gone(reason);
      // One that comes and goes at once is not asked more and more often.
      if (performance.now() - beginMs > RETRY.last) soonMs = RETRY.first;
      const isLate = isRefusal(error);
      await sleep(isLate ? lateMs : soonMs, signal).catch(() => undefined);
      if (isLate) lateMs = Math.min(REFUSED.last, lateMs * 2);
      else soonMs = Math.min(RETRY.last, soonMs * 2);
    }
  }

  /** Serves one connection to its end; resolves with why, undefined when it was closed. */
  async #serve(isThere: () => void): Promise<unknown> {
    const attempt = new AbortController();
    const { signal } = attempt;
    const { signal: ended } = this.#ended;
    const inflaters = Array.from({ length: ZLIB_STREAMS }, () => new ZlibInflater());
    const stop = () => attempt.abort(ended.reason);
    ended.addEventListener('abort', stop, { once: true });
    try {
      const link = await this.#open(signal, inflaters, () => {
        isThere();
        this.#established(link);
      });
      this.#current = link;
      link.attach(this.#screen);
      await this.#attend(link, signal);
      return undefined;
    } catch (error) {
      return error;
    } finally {
      ended.removeEventListener('abort', stop);
      attempt.abort(new Error('The connection has ended'));
      for (const inflater of inflaters) inflater.reset();
    }
  }

  async #open(
    signal: AbortSignal,
    inflaters: readonly ZlibInflater[],
    established: () => void,
  ): Promise<VncLink> {
    const { server, encodings } = this.#options;
    const security = await securityFor(server);
    // Without the optional package no JPEG is asked for, and none comes.
    const turbo = await loadJpegTurbo().catch(() => undefined);
    const socket = await this.#connect(signal);
    return new VncLink(socket, {
      client: {
        ...{ security, shared: server.shared },
        encodings: encodings ?? encodingsFor(server, turbo !== undefined),
        tools: {
          inflaters,
          async decodeJpeg(jpeg) {
            if (!turbo) throw new Error('There is no decoder for JPEG');
            return (await turbo.decode(Buffer.from(jpeg))).data;
          },
        },
      },
      established,
      onLeds: (mask) => this.#leds.set(mask),
      upgrade: async (plain, kind) =>
        secureSocket(plain, server.host, await trustFor(server, kind), signal),
    });
  }

  async #connect(signal: AbortSignal): Promise<Duplex> {
    const { server, handshakeMs = HANDSHAKE_MS } = this.#options;
    const late = AbortSignal.timeout(handshakeMs);
    try {
      return await connectTcp(server.host, server.port, anySignal([signal, late]));
    } catch (error) {
      throw late.aborted ? new SilentServer() : error;
    }
  }

  /** Until the connection ends. One that says nothing is asked, and is dead when it says nothing then. */
  async #attend(link: VncLink, signal: AbortSignal): Promise<void> {
    const { handshakeMs = HANDSHAKE_MS, quietMs = QUIET_MS } = this.#options;
    const silent = () => link.fail(new SilentServer());
    const patience = setTimeout(() => link.size ?? silent(), handshakeMs);
    const look = () => {
      const ms = performance.now() - link.heardMs;
      if (ms >= (PROBES + 1) * quietMs) silent();
      else if (ms >= quietMs) link.probe();
    };
    const timer = setInterval(() => link.size && look(), quietMs);
    try {
      await link.run(signal);
    } finally {
      clearTimeout(patience);
      clearInterval(timer);
    }
  }

  #established(link: VncLink): void {
    this.#log.info({ name: plain(link.name), ...link.size }, 'The VNC server is there');
    this.#link.set(link);
    this.#status.set({ online: true });
    // TigerVNC tells LEDs and keys only to who has asked for pixels; a screen asks by itself.
    queueMicrotask(() => link.isAwaited || link.probe());
  }

  #gone(reason: string): void {
    this.#current = undefined;
    this.#status.set({ online: false, reason });
    this.#link.set(undefined);
    this.#leds.set(undefined);
  }
}

/** The best first. On this host nothing is faster than raw pixels. */
function encodingsFor(server: VncServer, hasJpeg: boolean): readonly number[] {
  if (isLocal(server)) return [ENCODING.raw, ENCODING.copyRect, ...NEWS];
  const lossy = hasJpeg && !server.lossless ? [jpegQuality(QUALITY)] : [];
  return [...PIXELS, ...NEWS, compression(COMPRESSION), ...lossy];
}
