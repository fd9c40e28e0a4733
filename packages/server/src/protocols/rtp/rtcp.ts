import { Buffer } from 'node:buffer';
import { ntpTime } from './packet.ts';

/**
 * RTCP (RFC 3550, 6.4; RFC 4585, 6; RFC 5104, 4.3.1): several packets in a datagram, numbers big-endian:
 *
 *     V=2 P count or format(5 bits) | type(1) | length in words - 1 (2) | body
 *     SR 200:  SSRC(4) NTP time(8) RTP time(4) packets(4) bytes(4) report blocks
 *     RR 201:  SSRC(4) report blocks
 *     block:   SSRC(4) fraction lost(1) lost(3) highest sequence(4) jitter(4) last SR(4) delay(4)
 *     NACK 205/1:  SSRC of sender(4) of media(4), each: sequence(2) mask of the 16 after it(2)
 *     PLI 206/1:   SSRC of sender(4) of media(4)
 *     FIR 206/4:   SSRC of sender(4) 0(4), each: SSRC of media(4) number(1) 0(3)
 *     REMB 206/15: SSRC of sender(4) 0(4) "REMB" count(1) exponent(6 bits) mantissa(18 bits) SSRCs
 *                  (draft-alvestrand-rmcat-remb-03, 2.2)
 */
const VERSION = 2;
const HEADER_BYTES = 4;
const WORD_BYTES = 4;
const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const TRANSPORT_FEEDBACK = 205;
const PAYLOAD_FEEDBACK = 206;
const NACK = 1;
const PLI = 1;
const FIR = 4;
const APPLICATION = 15;
const SENDER_INFO_BYTES = 20;
const BLOCK_BYTES = 24;
const FEEDBACK_BYTES = 8;
const FIR_ENTRY_BYTES = 8;
const MASK_BITS = 16;

/** What a receiver says. */
export type RtcpFeedback =
  /** Of what was sent since the last one, this part did not come, 0..1. */
  | { readonly kind: 'loss'; readonly ssrc: number; readonly fraction: number }
  | { readonly kind: 'nack'; readonly ssrc: number; readonly sequences: readonly number[] }
  | { readonly kind: 'key frame'; readonly ssrc: number }
  /** What it thinks it can take, bit/s. */
  | { readonly kind: 'estimate'; readonly bitsPerSecond: number };

/** The bytes are no RTCP. */
export class RtcpError extends Error {
  override readonly name = 'RtcpError';
}

/** What a datagram of RTCP says; kinds that mean nothing to a sender are left out. */
export function parseRtcp(bytes: Buffer): readonly RtcpFeedback[] {
  const feedback: RtcpFeedback[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < HEADER_BYTES) throw new RtcpError('A packet is cut off');
    const [first = 0, type = 0] = bytes.subarray(at);
    if (first >> 6 !== VERSION) throw new RtcpError(`Version ${first >> 6} is not RTCP's`);
    const size = WORD_BYTES * (bytes.readUInt16BE(at + 2) + 1);
    if (at + size > bytes.length) throw new RtcpError('A packet is longer than its datagram');
    feedback.push(...read(type, first & 0x1f, bytes.subarray(at + HEADER_BYTES, at + size)));
    at += size;
  }
  return feedback;
}

function read(type: number, format: number, body: Buffer): readonly RtcpFeedback[] {
  if (type === SENDER_REPORT) return blocks(body.subarray(WORD_BYTES + SENDER_INFO_BYTES));
  if (type === RECEIVER_REPORT) return blocks(body.subarray(WORD_BYTES));
  if (body.length < FEEDBACK_BYTES) return [];
  const ssrc = body.readUInt32BE(WORD_BYTES);
  const rest = body.subarray(FEEDBACK_BYTES);
  if (type === TRANSPORT_FEEDBACK && format === NACK) {
    return [{ kind: 'nack', ssrc, sequences: lost(rest) }];
  }
  if (type !== PAYLOAD_FEEDBACK) return [];
  if (format === PLI) return [{ kind: 'key frame', ssrc }];
  if (format === FIR) return requests(rest);
  return format === APPLICATION ? estimate(rest) : [];
}

function blocks(body: Buffer): readonly RtcpFeedback[] {
  const found: RtcpFeedback[] = [];
  for (let at = 0; at + BLOCK_BYTES <= body.length; at += BLOCK_BYTES) {
    const fraction = (body[at + 4] ?? 0) / 256;
    found.push({ kind: 'loss', ssrc: body.readUInt32BE(at), fraction });
  }
  return found;
}

function lost(body: Buffer): readonly number[] {
  const sequences: number[] = [];
  for (let at = 0; at + WORD_BYTES <= body.length; at += WORD_BYTES) {
    const first = body.readUInt16BE(at);
    const mask = body.readUInt16BE(at + 2);
    sequences.push(first);
    for (let bit = 0; bit < MASK_BITS; bit += 1) {
      if (mask & (1 << bit)) sequences.push((first + bit + 1) & 0xffff);
    }
  }
  return sequences;
}

function requests(body: Buffer): readonly RtcpFeedback[] {
  const found: RtcpFeedback[] = [];
  for (let at = 0; at + FIR_ENTRY_BYTES <= body.length; at += FIR_ENTRY_BYTES) {
    found.push({ kind: 'key frame', ssrc: body.readUInt32BE(at) });
  }
  return found;
}

function estimate(body: Buffer): readonly RtcpFeedback[] {
  if (body.length < 8 || body.toString('latin1', 0, 4) !== 'REMB') return [];
  const value = body.readUIntBE(5, 3);
  return [{ kind: 'estimate', bitsPerSecond: (value & 0x3ffff) * 2 ** (value >> 18) }];
}

/** Tells a receiver which of our times is which of the clock, and how much was sent. */
export function senderReport(report: {
  readonly ssrc: number;
  /** ms since 1970. */
  readonly unixMs: number;
  /** The RTP time of the same moment. */
  readonly timestamp: number;
  readonly packets: number;
  /** Of payload. */
  readonly bytes: number;
}): Buffer {
  const packet = Buffer.alloc(HEADER_BYTES + WORD_BYTES + SENDER_INFO_BYTES);
  packet[0] = VERSION << 6;
  packet[1] = SENDER_REPORT;
  packet.writeUInt16BE(packet.length / WORD_BYTES - 1, 2);
  packet.writeUInt32BE(report.ssrc, 4);
  packet.set(ntpTime(report.unixMs), 8);
  packet.writeUInt32BE(report.timestamp, 16);
  packet.writeUInt32BE(report.packets % 2 ** 32, 20);
  packet.writeUInt32BE(report.bytes % 2 ** 32, 24);
  return packet;
}
