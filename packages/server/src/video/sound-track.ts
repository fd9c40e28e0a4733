import { performance } from 'node:perf_hooks';
import { SOUND } from '../core/sound-source.ts';
import { writeRtpPacket } from '../protocols/rtp/packet.ts';
import { senderReport } from '../protocols/rtp/rtcp.ts';
import type { SentTrack, TrackPort } from './sent-track.ts';
import type { Sound, SoundPacket } from './sound.ts';

/** What both sides agreed on. */
export interface SoundTrackOptions {
  readonly ssrc: number;
  readonly payloadType: number;
  /** The first ones, by chance (RFC 3550, 5.1). */
  readonly firstSequence: number;
  readonly firstTimestamp: number;
}

/** Between two reports to the receiver, ms. */
const REPORT_MS = 1000;
const NOTHING = new Uint8Array();

/** A machine's sound as Opus (RFC 7587) for one listener over WebRTC. */
export class SoundTrack implements SentTrack {
  readonly #sound: Sound;
  readonly #options: SoundTrackOptions;
  #leave: () => void = () => {};
  #sequence: number;
  #packets = 0;
  #bytes = 0;
  #reportMs = Number.NEGATIVE_INFINITY;

  constructor(sound: Sound, options: SoundTrackOptions) {
    this.#sound = sound;
    this.#options = options;
    this.#sequence = options.firstSequence;
  }

  start(port: TrackPort): void {
    this.#leave = this.#sound.join((packet) => this.#send(packet, port));
  }

  /** Sound that was lost is over before it could be sent again. */
  hear(): void {}

  refresh(): void {}

  stop(): void {
    this.#leave();
  }

  #send({ data, time, isFirst }: SoundPacket, port: TrackPort): void {
    const { ssrc, payloadType } = this.#options;
    const header = {
      ...{ ssrc, payloadType, marker: isFirst, extensions: [] },
      ...{ sequence: this.#sequence, timestamp: this.#timestamp(time) },
    };
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#packets += 1;
    this.#bytes += data.length;
    port.send(writeRtpPacket(header, NOTHING, data));
    const nowMs = performance.now();
    if (nowMs - this.#reportMs < REPORT_MS) return;
    this.#reportMs = nowMs;
    port.send(this.#report(nowMs));
  }

  /** Of the same clock as the picture's, so that players bring them together. */
  #report(nowMs: number): Buffer {
    return senderReport({
      ...{ ssrc: this.#options.ssrc, packets: this.#packets, bytes: this.#bytes },
      unixMs: performance.timeOrigin + nowMs,
      timestamp: this.#timestamp(Math.round((nowMs * SOUND.rateHz) / 1000)),
    });
  }

  #timestamp(time: number): number {
    return (this.#options.firstTimestamp + time) % 2 ** 32;
  }
}
