import type { Buffer } from 'node:buffer';

/**
 * H.264 in RTP, packetization mode 1 (RFC 6184): a NAL unit that fits is a payload of its own (5.6),
 * a larger one comes as fragments (FU-A, 5.8):
 *
 *     indicator: F NRI(2) of the unit, type(5)=28 | header: S E R=0 type(5) of the unit | fragment
 */
const FU_A = 28;
const FU_HEAD_BYTES = 2;
const FIRST = 0x80;
const LAST = 0x40;
const TYPE = 0x1f;
const F_AND_NRI = 0xe0;
const START_CODE = Uint8Array.of(0, 0, 1);
const NO_HEAD = new Uint8Array();

/** A payload in two parts, so that the picture's bytes are not copied for each packet. */
export interface RtpPayload {
  readonly head: Uint8Array;
  readonly data: Buffer;
}

/** The NAL units of a byte stream (ITU-T H.264, annex B), without copying. */
export function nalUnits(stream: Buffer): readonly Buffer[] {
  const units: Buffer[] = [];
  let code = stream.indexOf(START_CODE);
  while (code >= 0) {
    const begin = code + START_CODE.length;
    code = stream.indexOf(START_CODE, begin);
    let end = code < 0 ? stream.length : code;
    // A longer start code, or zeros after a unit: no unit ends with one.
    while (end > begin && stream[end - 1] === 0) end -= 1;
    if (end > begin) units.push(stream.subarray(begin, end));
  }
  return units;
}

/** The payloads of an access unit, none above `maxBytes` (at least 3). */
export function h264Payloads(stream: Buffer, maxBytes: number): readonly RtpPayload[] {
  return nalUnits(stream).flatMap((unit) =>
    unit.length <= maxBytes ? [{ head: NO_HEAD, data: unit }] : fragments(unit, maxBytes),
  );
}

function fragments(unit: Buffer, maxBytes: number): readonly RtpPayload[] {
  const [first = 0] = unit;
  const indicator = (first & F_AND_NRI) | FU_A;
  const type = first & TYPE;
  const size = maxBytes - FU_HEAD_BYTES;
  const payloads: RtpPayload[] = [];
  for (let at = 1; at < unit.length; at += size) {
    const end = Math.min(unit.length, at + size);
    const bits = (at === 1 ? FIRST : 0) | (end === unit.length ? LAST : 0);
    payloads.push({ head: Uint8Array.of(indicator, bits | type), data: unit.subarray(at, end) });
  }
  return payloads;
}
