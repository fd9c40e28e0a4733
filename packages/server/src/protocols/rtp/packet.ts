import { Buffer } from 'node:buffer';

/**
 * RTP packets (RFC 3550, 5.1) with header extensions of one byte each (RFC 8285, 4.2); numbers are
 * big-endian:
 *
 *     V=2(2 bits) P=0 X CC=0(4) | M payload type(7) | sequence(2) | timestamp(4) | SSRC(4)
 *     extensions: BE DE, length in words(2), each: id(4 bits) size-1(4 bits) data, zeros up to a word
 */
const HEADER_BYTES = 12;
const VERSION = 0x80;
const HAS_EXTENSIONS = 0x10;
const MARKER = 0x80;
const ONE_BYTE_PROFILE = 0xbede;
const WORD_BYTES = 4;

/** Seconds from 1900, where NTP begins, to 1970. */
const NTP_EPOCH_S = 2_208_988_800;
const TWO_32 = 2 ** 32;
/** Unit of a playout delay, ms, and the most units (12 bits). */
const DELAY_UNIT_MS = 10;
const MAX_DELAY = 0xfff;

/** A header extension. */
export interface RtpExtension {
  /** As agreed on, 1..14. */
  readonly id: number;
  /** 1..16 bytes. */
  readonly data: Uint8Array;
}

/** What stands before the payload. */
export interface RtpHeader {
  /** The last packet of a picture. */
  readonly marker: boolean;
  /** 0..127. */
  readonly payloadType: number;
  /** 16 bits. */
  readonly sequence: number;
  /** 32 bits, of video in 1/90000 s. */
  readonly timestamp: number;
  readonly ssrc: number;
  readonly extensions: readonly RtpExtension[];
}

/** A packet of this payload, which comes in two parts: what is made anew and what is shared. */
export function writeRtpPacket(header: RtpHeader, head: Uint8Array, data: Uint8Array): Buffer {
  const { extensions } = header;
  const extensionBytes = sizeOf(extensions);
  const packet = Buffer.alloc(HEADER_BYTES + extensionBytes + head.length + data.length);
  packet[0] = VERSION | (extensions.length > 0 ? HAS_EXTENSIONS : 0);
  packet[1] = (header.marker ? MARKER : 0) | header.payloadType;
  packet.writeUInt16BE(header.sequence, 2);
  packet.writeUInt32BE(header.timestamp, 4);
  packet.writeUInt32BE(header.ssrc, 8);
  if (extensions.length > 0) {
    packet.writeUInt16BE(ONE_BYTE_PROFILE, HEADER_BYTES);
    packet.writeUInt16BE(extensionBytes / WORD_BYTES - 1, HEADER_BYTES + 2);
    let at = HEADER_BYTES + WORD_BYTES;
    for (const { id, data: value } of extensions) {
      packet[at] = (id << 4) | (value.length - 1);
      packet.set(value, at + 1);
      at += 1 + value.length;
    }
  }
  packet.set(head, HEADER_BYTES + extensionBytes);
  packet.set(data, HEADER_BYTES + extensionBytes + head.length);
  return packet;
}

function sizeOf(extensions: readonly RtpExtension[]): number {
  if (extensions.length === 0) return 0;
  const bytes = extensions.reduce((sum, { data }) => sum + 1 + data.length, 0);
  return WORD_BYTES + WORD_BYTES * Math.ceil(bytes / WORD_BYTES);
}

/**
 * How long a player may hold a picture back (http://www.webrtc.org/experiments/rtp-hdrext/playout-delay):
 * 12 bits each in 10 ms.
 */
export function playoutDelay(minMs: number, maxMs: number): Uint8Array {
  const units = (ms: number) => Math.min(MAX_DELAY, Math.round(ms / DELAY_UNIT_MS));
  const both = (units(minMs) << 12) | units(maxMs);
  return Uint8Array.of(both >> 16, both >> 8, both);
}

/** A time as NTP has it (RFC 5905, 6): seconds and their 2^-32 parts. `unixMs` since 1970. */
export function ntpTime(unixMs: number): Buffer {
  const seconds = Math.floor(unixMs / 1000);
  const fraction = Math.floor(((unixMs - seconds * 1000) / 1000) * TWO_32);
  const time = Buffer.alloc(8);
  time.writeUInt32BE((seconds + NTP_EPOCH_S) % TWO_32, 0);
  time.writeUInt32BE(Math.min(TWO_32 - 1, fraction), 4);
  return time;
}
