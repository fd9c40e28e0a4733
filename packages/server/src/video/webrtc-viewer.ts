import type { Buffer } from 'node:buffer';
import { performance } from 'node:perf_hooks';
import type { RtcConnection, RtcListener } from '../platform/rtc-connection.ts';
import { parseRtcp, type RtcpFeedback } from '../protocols/rtp/rtcp.ts';
import { hasAddress, withoutNames } from '../protocols/sdp-candidates.ts';
import { Congestion } from './congestion.ts';
import type { H264Message, H264Seat } from './h264.ts';
import type { RateSeat } from './rate-limits.ts';
import { RtpStream, type RtpStreamOptions } from './rtp-stream.ts';
import type { Video } from './video.ts';

/** Between two reports to the receiver, ms. */
const REPORT_MS = 1000;
/** Addresses that may come before the answer. */
const MOST_EARLY = 32;
/** How long a connection may take to come about, ms. */
const CONNECT_MS = 30_000;

/** One who sees a machine's screen over WebRTC, from the first word to the last. */
export class WebRtcViewer {
  readonly #video: Video;
  readonly #stream: RtpStream;
  readonly #congestion = new Congestion(performance.now());
  readonly #ended = new AbortController();
  readonly #opened: (() => void)[] = [];
  readonly #connectTimer: NodeJS.Timeout;
  #connection: RtcConnection | undefined;
  #seat: H264Seat | undefined;
  #rate: RateSeat | undefined;
  #release: () => void = () => {};
  #reportMs = Number.NEGATIVE_INFINITY;
  /** Addresses that came before the answer; undefined after it. */
  #early: (readonly [candidate: string, mid: string])[] | undefined = [];
  #isStarted = false;
  #isOpen = false;

  constructor(video: Video, stream: Omit<RtpStreamOptions, 'send'>) {
    this.#video = video;
    this.#stream = new RtpStream({ ...stream, send: (packet) => this.#transmit(packet) });
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
        this.#isOpen = true;
        for (const told of this.#opened) told();
        this.#update();
      },
      onRtcp: (bytes) => this.#hear(bytes),
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

  /** From now on pictures are sent, as soon as the connection is there. */
  start(): void {
    this.#isStarted = true;
    this.#update();
  }

  /** The viewer wants a key frame. */
  refresh(): void {
    this.#seat?.refresh();
  }

  close(): void {
    if (this.ended.aborted) return;
    this.#ended.abort();
    clearTimeout(this.#connectTimer);
    this.#seat?.leave();
    this.#rate?.leave();
    this.#release();
    this.#connection?.close();
  }

  #update(): void {
    if (!this.#isStarted || !this.#isOpen || this.#seat || this.ended.aborted) return;
    this.#release = this.#video.watch();
    this.#rate = this.#video.rateLimits.join();
    this.#seat = this.#video.h264.join({
      ready: () => this.#connection?.isOpen ?? false,
      send: (message) => this.#send(message),
    });
  }

  #send(message: H264Message): void {
    const nowMs = performance.now();
    const unixMs = performance.timeOrigin + nowMs;
    const isLoose = this.#video.h264Gop > 0;
    const bytes = this.#stream.send(message, { nowMs, unixMs, isLoose });
    if (bytes === undefined) this.refresh();
    else this.#congestion.sent(bytes, nowMs);
    if (nowMs - this.#reportMs < REPORT_MS) return;
    this.#reportMs = nowMs;
    this.#transmit(this.#stream.report(nowMs, unixMs));
  }

  #transmit(packet: Buffer): boolean {
    return this.#connection?.send(packet) ?? false;
  }

  #hear(bytes: Buffer): void {
    let feedback: readonly RtcpFeedback[];
    try {
      feedback = parseRtcp(bytes);
    } catch {
      // The next one tells the same.
      return;
    }
    const nowMs = performance.now();
    for (const said of feedback) {
      if (said.kind === 'nack') this.#stream.resend(said.sequences);
      else if (said.kind === 'key frame') this.refresh();
      else if (said.kind === 'loss') this.#congestion.lost(said.fraction, nowMs);
      else this.#congestion.estimated(said.bitsPerSecond, nowMs);
    }
    this.#rate?.set(this.#congestion.step);
  }
}
