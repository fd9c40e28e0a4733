import type { Buffer } from 'node:buffer';
import { performance } from 'node:perf_hooks';
import { parseRtcp, type RtcpFeedback } from '../protocols/rtp/rtcp.ts';
import { Congestion } from './congestion.ts';
import type { H264Seat } from './h264.ts';
import type { H264Message } from './h264-viewers.ts';
import type { RateSeat } from './rate-limits.ts';
import { RtpStream, type RtpStreamOptions } from './rtp-stream.ts';
import type { SentTrack, TrackPort } from './sent-track.ts';
import type { Video } from './video.ts';

/** Between two reports to the receiver, ms. */
const REPORT_MS = 1000;

/** A machine's screen as H.264 for one viewer over WebRTC. */
export class PictureTrack implements SentTrack {
  readonly #video: Video;
  readonly #ssrc: number;
  readonly #stream: RtpStream;
  readonly #congestion = new Congestion(performance.now());
  #port: TrackPort | undefined;
  #seat: H264Seat | undefined;
  #rate: RateSeat | undefined;
  #release: () => void = () => {};
  #reportMs = Number.NEGATIVE_INFINITY;

  constructor(video: Video, stream: Omit<RtpStreamOptions, 'send'>) {
    this.#video = video;
    this.#ssrc = stream.ssrc;
    const send = (packet: Buffer) => this.#port?.send(packet) ?? false;
    this.#stream = new RtpStream({ ...stream, send });
  }

  start(port: TrackPort): void {
    this.#port = port;
    this.#release = this.#video.watch();
    this.#rate = this.#video.rateLimits.join();
    this.#seat = this.#video.h264.join({
      ready: () => port.isOpen,
      send: (message) => this.#send(message, port),
    });
  }

  hear(bytes: Buffer): void {
    let feedback: readonly RtcpFeedback[];
    try {
      feedback = parseRtcp(bytes);
    } catch {
      // The next one tells the same.
      return;
    }
    const nowMs = performance.now();
    for (const said of feedback) {
      // A datagram may be about the sound as well.
      if ('ssrc' in said && said.ssrc !== this.#ssrc) continue;
      if (said.kind === 'nack') this.#stream.resend(said.sequences);
      else if (said.kind === 'key frame') this.refresh();
      else if (said.kind === 'loss') this.#congestion.lost(said.fraction, nowMs);
      else this.#congestion.estimated(said.bitsPerSecond, nowMs);
    }
    this.#rate?.set(this.#congestion.step);
  }

  refresh(): void {
    this.#seat?.refresh();
  }

  stop(): void {
    this.#seat?.leave();
    this.#rate?.leave();
    this.#release();
  }

  #send(message: H264Message, port: TrackPort): void {
    const nowMs = performance.now();
    const unixMs = performance.timeOrigin + nowMs;
    const isLoose = this.#video.h264Gop > 0;
    const bytes = this.#stream.send(message, { nowMs, unixMs, isLoose });
    if (bytes === undefined) this.refresh();
    else this.#congestion.sent(bytes, nowMs);
    if (nowMs - this.#reportMs < REPORT_MS) return;
    this.#reportMs = nowMs;
    port.send(this.#stream.report(nowMs, unixMs));
  }
}
