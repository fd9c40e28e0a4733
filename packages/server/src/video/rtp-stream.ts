import type { Buffer } from 'node:buffer';
import { h264Payloads, type RtpPayload } from '../protocols/rtp/h264-payload.ts';
import {
  ntpTime,
  playoutDelay,
  type RtpExtension,
  writeRtpPacket,
} from '../protocols/rtp/packet.ts';
import { senderReport } from '../protocols/rtp/rtcp.ts';
import type { H264Message } from './h264-viewers.ts';

/** What both sides agreed on, and where packets go. */
export interface RtpStreamOptions {
  readonly ssrc: number;
  readonly payloadType: number;
  /** Numbers of header extensions; without them they are left out. */
  readonly playoutDelayId: number | undefined;
  readonly captureTimeId: number | undefined;
  /** The first ones, by chance (RFC 3550, 5.1). */
  readonly firstSequence: number;
  readonly firstTimestamp: number;
  /** False when the packet could not go. */
  readonly send: (packet: Buffer) => boolean;
}

/** Largest payload, bytes: with all that is around it 1200 and less, which every path takes. */
const MAX_PAYLOAD_BYTES = 1100;
/** Packets that can be sent again; a power of two. */
const HISTORY = 1024;
/** Of a key frame that is asked for piece by piece, so much is sent again at once. */
const MOST_RESENT = 256;
const CLOCK_PER_MS = 90;
/** With key frames in intervals the player may hold back, ms, as PiKVM has it. */
const LOOSE_DELAY_MS = 10_000;

/** Payloads of a picture, made once for all viewers. */
const payloads = new WeakMap<H264Message, readonly RtpPayload[]>();

function payloadsOf(message: H264Message): readonly RtpPayload[] {
  const known = payloads.get(message);
  if (known) return known;
  const made = h264Payloads(message.bare, MAX_PAYLOAD_BYTES);
  payloads.set(message, made);
  return made;
}

interface Sent {
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly extensions: readonly RtpExtension[];
  /** Shared with the other viewers, so a history costs little. */
  readonly payload: RtpPayload;
}

/** Pictures as packets of RTP for one viewer, and those again that did not come. */
export class RtpStream {
  readonly #options: RtpStreamOptions;
  readonly #history: (Sent | undefined)[] = new Array(HISTORY);
  #sequence: number;
  #packets = 0;
  #bytes = 0;

  constructor(options: RtpStreamOptions) {
    this.#options = options;
    this.#sequence = options.firstSequence;
  }

  /**
   * Sends a picture: `nowMs` on the monotonic clock, `unixMs` the same since 1970; `isLoose` lets the
   * player hold it back. The bytes of payload, or undefined when a packet could not go: nothing is of
   * use then before a key frame.
   */
  send(
    message: H264Message,
    { nowMs, unixMs, isLoose }: { nowMs: number; unixMs: number; isLoose: boolean },
  ): number | undefined {
    const timestamp = this.#timestamp(nowMs);
    const all = payloadsOf(message);
    let bytes = 0;
    for (const [index, payload] of all.entries()) {
      const sent = {
        ...{ sequence: this.#sequence, timestamp, payload, marker: index === all.length - 1 },
        extensions: index === 0 ? this.#extensions(unixMs, isLoose) : [],
      };
      this.#sequence = (this.#sequence + 1) & 0xffff;
      this.#history[sent.sequence % HISTORY] = sent;
      if (!this.#transmit(sent)) return undefined;
      bytes += payload.head.length + payload.data.length;
    }
    return bytes;
  }

  /** Sends these again, as far as they are still known. */
  resend(sequences: readonly number[]): void {
    for (const sequence of sequences.slice(0, MOST_RESENT)) {
      const sent = this.#history[sequence % HISTORY];
      if (sent?.sequence === sequence) this.#transmit(sent);
    }
  }

  /** A report of what was sent (RFC 3550, 6.4.1). */
  report(nowMs: number, unixMs: number): Buffer {
    const timestamp = this.#timestamp(nowMs);
    const { ssrc } = this.#options;
    return senderReport({ ssrc, unixMs, timestamp, packets: this.#packets, bytes: this.#bytes });
  }

  #timestamp(nowMs: number): number {
    return (this.#options.firstTimestamp + Math.round(nowMs * CLOCK_PER_MS)) % 2 ** 32;
  }

  #extensions(unixMs: number, isLoose: boolean): readonly RtpExtension[] {
    const { playoutDelayId, captureTimeId } = this.#options;
    const extensions: RtpExtension[] = [];
    if (playoutDelayId !== undefined) {
      const data = playoutDelay(0, isLoose ? LOOSE_DELAY_MS : 0);
      extensions.push({ id: playoutDelayId, data });
    }
    if (captureTimeId !== undefined) {
      extensions.push({ id: captureTimeId, data: ntpTime(unixMs) });
    }
    return extensions;
  }

  #transmit({ payload: { head, data }, ...header }: Sent): boolean {
    const { ssrc, payloadType, send } = this.#options;
    this.#packets += 1;
    this.#bytes += head.length + data.length;
    return send(writeRtpPacket({ ...header, ssrc, payloadType }, head, data));
  }
}
