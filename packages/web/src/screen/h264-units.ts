/**
 * One message of `h264` on /api/media/ws (docs/video-h264.md):
 *
 *     u8 1 = video, u8 1 = key frame, access unit as a byte stream (ITU-T H.264, annex B)
 */
export interface H264Unit {
  readonly key: boolean;
  readonly data: Uint8Array<ArrayBuffer>;
}

const VIDEO = 1;
const HEADER_BYTES = 2;
/** Type of the NAL unit that tells profile, level and size (table 7-1). */
const SPS = 7;

/** Reads a message; undefined for all else. */
export function parseH264(message: ArrayBuffer): H264Unit | undefined {
  const bytes = new Uint8Array(message);
  if (bytes.length <= HEADER_BYTES || bytes[0] !== VIDEO) return undefined;
  return { key: bytes[1] === 1, data: bytes.subarray(HEADER_BYTES) };
}

/**
 * The name that decoders know the stream by, `avc1.PPCCLL` (RFC 6381, 3.3): profile, constraints
 * and level follow the first byte of the sequence parameter set. Undefined where there is none.
 */
export function codecOf(unit: Uint8Array): string | undefined {
  for (let at = 0; at + 6 < unit.length; at += 1) {
    const isStart = unit[at] === 0 && unit[at + 1] === 0 && unit[at + 2] === 1;
    if (!isStart || ((unit[at + 3] ?? 0) & 0x1f) !== SPS) continue;
    const hex = [...unit.subarray(at + 4, at + 7)].map((byte) =>
      byte.toString(16).padStart(2, '0'),
    );
    return `avc1.${hex.join('').toUpperCase()}`;
  }
  return undefined;
}
