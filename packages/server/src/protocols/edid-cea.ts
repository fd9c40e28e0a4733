import { EdidError } from './edid-error.ts';
import { TIMING_BYTES } from './edid-timing.ts';

/**
 * The extension of an EDID by which a display says that it is HDMI (CEA-861-D, 7.5):
 *
 *      0 02 revision, where the timings begin (0: nothing follows), flags and count of native timings
 *      4 data blocks: tag (3 bits) and length (5 bits), then that many bytes
 *        timings of 18 bytes each until a 0, zeros, 127 sum
 */
const EXTENSION_TAG = 0x02;
const BLOCK_BYTES = 128;
const HEADER_BYTES = 4;
const MAX_DATA_BYTES = 31;

/** Flags of byte 3. */
export const CEA_FLAG = { underscan: 0x80, basicAudio: 0x40 } as const;
/** Tags of data blocks. */
export const CEA_TAG = { audio: 1, video: 2, vendor: 3, speakers: 4, extended: 7 } as const;

/** A data block without its first byte. */
export interface CeaBlock {
  readonly tag: number;
  /** At most 31 bytes. */
  readonly data: Uint8Array;
}

/** What such an extension holds. */
export interface CeaExtension {
  readonly revision: number;
  /** Byte 3. */
  readonly flags: number;
  readonly blocks: readonly CeaBlock[];
  /** Descriptors of 18 bytes. */
  readonly timings: readonly Uint8Array[];
}

/** Reads 128 bytes; throws EdidError when they are another extension, or contradict themselves. */
export function parseCea(bytes: Uint8Array): CeaExtension {
  const [tag, revision = 0, end = 0, flags = 0] = bytes;
  if (bytes.length !== BLOCK_BYTES || tag !== EXTENSION_TAG) {
    throw new EdidError('The extension of the EDID is none of CEA-861');
  }
  if (end > BLOCK_BYTES - 1 || (end !== 0 && end < HEADER_BYTES)) {
    throw new EdidError(`The timings of the extension cannot begin at byte ${end}`);
  }
  const blocks: CeaBlock[] = [];
  let at = HEADER_BYTES;
  while (at < end) {
    const head = bytes[at] ?? 0;
    const next = at + 1 + (head & MAX_DATA_BYTES);
    if (next > end)
      throw new EdidError(`The data block at byte ${at} of the extension is too long`);
    blocks.push({ tag: head >> 5, data: bytes.slice(at + 1, next) });
    at = next;
  }
  const timings: Uint8Array[] = [];
  while (end !== 0 && at + TIMING_BYTES < BLOCK_BYTES && bytes[at] !== 0) {
    timings.push(bytes.slice(at, at + TIMING_BYTES));
    at += TIMING_BYTES;
  }
  return { revision, flags, blocks, timings };
}

/** The 128 bytes with their sum; throws EdidError when there is no room for all. */
export function encodeCea({ revision, flags, blocks, timings }: CeaExtension): Uint8Array {
  const data = blocks.flatMap((block) => {
    if (block.data.length > MAX_DATA_BYTES) throw new EdidError('A data block takes 31 bytes');
    return [(block.tag << 5) | block.data.length, ...block.data];
  });
  const begin = HEADER_BYTES + data.length;
  const body = [
    EXTENSION_TAG,
    revision,
    begin,
    flags,
    ...data,
    ...timings.flatMap((each) => [...each]),
  ];
  if (body.length > BLOCK_BYTES - 1) {
    throw new EdidError(`The extension has room for 127 bytes, not for ${body.length}`);
  }
  const bytes = new Uint8Array(BLOCK_BYTES);
  bytes.set(body);
  return withSum(bytes);
}

/** A block of 128 bytes whose last one makes the sum of all 0 (mod 256). */
export function withSum(block: Uint8Array): Uint8Array {
  const sum = block.subarray(0, BLOCK_BYTES - 1).reduce((total, byte) => total + byte, 0);
  const bytes = Uint8Array.from(block);
  bytes[BLOCK_BYTES - 1] = -sum & 0xff;
  return bytes;
}
