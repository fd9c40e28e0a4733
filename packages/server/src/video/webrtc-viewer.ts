import type { RtcConnection, RtcKind, RtcListener } from '../platform/rtc-connection.ts';
import { hasAddress, withoutNames } from '../protocols/sdp-candidates.ts';
import type { SentTrack } from './sent-track.ts';

/** Addresses that may come before the answer. */
const MOST_EARLY = 32;
/** How long a connection may take to come about, ms. */
const CONNECT_MS = 30_000;

/** One who sees or hears a machine over WebRTC, from the first word to the last. */
export class WebRtcViewer {
  readonly #tracks: ReadonlyMap<RtcKind, SentTrack>;
  /** Those that are sent already. */
  readonly #running = new Set<RtcKind>();
  readonly #ended = new AbortController();
  readonly #opened: (() => void)[] = [];
  readonly #connectTimer: NodeJS.Timeout;
  #connection: RtcConnection | undefined;
  /** Addresses that came before the answer; undefined after it. */
  #early: (readonly [candidate: string, mid: string])[] | undefined = [];
  #isStarted = false;
  #isOpen = false;

  constructor(tracks: ReadonlyMap<RtcKind, SentTrack>) {
    this.#tracks = tracks;
    this.#connectTimer = setTimeout(() => this.close(), CONNECT_MS);
    this.#connectTimer.unref();
  }

  /** Aborts when it is over, whoever ended it. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** What the connection is to call. */
  get listener(): RtcListener {
    return {
      onOpen: () => {
        clearTimeout(this.#connectTimer);
        if (!this.#isOpen) {
          this.#isOpen = true;
          for (const told of this.#opened) told();
        }
        this.#update();
      },
      onRtcp: (kind, bytes) => this.#tracks.get(kind)?.hear(bytes),
      onEnd: () => this.close(),
    };
  }

  /** Takes over its connection. */
  adopt(connection: RtcConnection): void {
    this.#connection = connection;
    if (this.ended.aborted) connection.close();
  }

  /** What we say of ourselves to the peer. */
  get description(): string {
    return this.#connection?.description ?? '';
  }

  /** The answer to our offer. Throws an Error where it is not understood. */
  accept(answer: string): void {
    this.#connection?.accept(withoutNames(answer));
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const [candidate, mid] of early) this.addCandidate(candidate, mid);
  }

  /** An address of the peer; one that is not understood is no harm, there are others. */
  addCandidate(candidate: string, mid: string): void {
    if (!hasAddress(candidate)) return;
    if (this.#early) {
      if (this.#early.length < MOST_EARLY) this.#early.push([candidate, mid]);
      return;
    }
    try {
      this.#connection?.addCandidate(candidate, mid);
    } catch {
      // Of a kind that is not used here.
    }
  }

  /** Calls back when packets can go. */
  onOpen(told: () => void): void {
    if (this.#isOpen) told();
    else this.#opened.push(told);
  }

  /** From now on media are sent, as soon as the connection is there. */
  start(): void {
    this.#isStarted = true;
    this.#update();
  }

  /** The viewer wants a key frame. */
  refresh(): void {
    for (const track of this.#tracks.values()) track.refresh();
  }

  close(): void {
    if (this.ended.aborted) return;
    this.#ended.abort();
    clearTimeout(this.#connectTimer);
    for (const track of this.#tracks.values()) track.stop();
    this.#connection?.close();
  }

  /** Media open one after another; one that the peer did not want never does. */
  #update(): void {
    const connection = this.#connection;
    if (!this.#isStarted || !connection || this.ended.aborted) return;
    for (const [kind, track] of this.#tracks) {
      if (this.#running.has(kind) || !connection.isOpen(kind)) continue;
      this.#running.add(kind);
      track.start({
        get isOpen() {
          return connection.isOpen(kind);
        },
        send: (packet) => connection.send(kind, packet),
      });
    }
  }
}
