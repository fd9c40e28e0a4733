/**
 * H.264 out of an FLV stream (Adobe's Video File Format Specification 10.1, annex E), whose tags tell
 * where an access unit ends. Numbers are big-endian:
 *
 *     stream: "FLV" version(1) flags(1) header size(4) previous tag size(4)=0 tags
 *     tag:    type(1) data size(3) time(3+1) stream id(3) data previous tag size(4)
 *     video:  frame type(4 bits) codec(4 bits)=7 kind(1) composition time(3) body
 *     kind 0: AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.2.4.1)
 *     kind 1: NAL units, each after its length in 4 bytes
 */
const STREAM_HEADER_BYTES = 9;
const TAG_HEADER_BYTES = 11;
const TRAILER_BYTES = 4;
const VIDEO_HEADER_BYTES = 5;
const VIDEO_TAG = 9;
const KEY_FRAME = 1;
const AVC = 7;
const CONFIGURATION = 0;
const NAL_UNITS = 1;
const LENGTH_BYTES = 4;
/** Largest tag that is put together, bytes: more than any picture here needs. */
const MAX_TAG_BYTES = 15 * 1024 * 1024;
const START_CODE = Uint8Array.of(0, 0, 0, 1);

/** A picture as H.264's byte stream (ITU-T H.264, annex B). */
export interface AccessUnit {
  /** It needs no picture before it, and begins with SPS and PPS. */
  readonly key: boolean;
  readonly data: Buffer;
}

/** The bytes are no FLV with H.264 in it. */
export class FlvError extends Error {
  override readonly name = 'FlvError';
}

/** Takes an FLV stream in pieces of any size and gives the access units that are complete. */
export class FlvAvcReader {
  #rest: Buffer = Buffer.alloc(0);
  /** What is there of a tag that has not come wholly; joined once. */
  #pieces: Buffer[] = [];
  #missing = STREAM_HEADER_BYTES + TRAILER_BYTES;
  #started = false;
  #parameterSets: readonly Buffer[] = [];

  /** Throws FlvError; the reader is of no use after that. */
  push(bytes: Buffer): readonly AccessUnit[] {
    this.#pieces.push(bytes);
    this.#missing -= bytes.length;
    if (this.#missing > 0) return [];
    this.#rest = Buffer.concat([this.#rest, ...this.#pieces]);
    this.#pieces = [];
    const units: AccessUnit[] = [];
    if (!this.#started) this.#begin();
    for (;;) {
      const size = this.#tagBytes();
      this.#missing = size - this.#rest.length;
      if (this.#missing > 0) return units;
      const unit = this.#read(this.#rest.subarray(0, size));
      if (unit) units.push(unit);
      this.#rest = this.#rest.subarray(size);
    }
  }

  #begin(): void {
    if (this.#rest.toString('latin1', 0, 3) !== 'FLV') throw new FlvError('This is no FLV stream');
    const size = this.#rest.readUInt32BE(5);
    if (size !== STREAM_HEADER_BYTES) throw new FlvError(`A header of ${size} bytes`);
    this.#rest = this.#rest.subarray(STREAM_HEADER_BYTES + TRAILER_BYTES);
    this.#started = true;
  }

  /** Length of the tag that is next, as far as known. */
  #tagBytes(): number {
    if (this.#rest.length < TAG_HEADER_BYTES) return TAG_HEADER_BYTES;
    const size = this.#rest.readUIntBE(1, 3);
    if (size > MAX_TAG_BYTES) throw new FlvError(`A tag of ${size} bytes`);
    return TAG_HEADER_BYTES + size + TRAILER_BYTES;
  }

  #read(tag: Buffer): AccessUnit | undefined {
    const data = tag.subarray(TAG_HEADER_BYTES, -TRAILER_BYTES);
    if (tag[0] !== VIDEO_TAG || data.length < VIDEO_HEADER_BYTES) return undefined;
    const [first = 0, kind] = data;
    if ((first & 0xf) !== AVC) throw new FlvError(`Video of codec ${first & 0xf}`);
    const body = data.subarray(VIDEO_HEADER_BYTES);
    if (kind === CONFIGURATION) this.#parameterSets = parameterSetsOf(body);
    if (kind !== NAL_UNITS) return undefined;
    const key = first >> 4 === KEY_FRAME;
    const nals = [...(key ? this.#parameterSets : []), ...nalUnitsOf(body)];
    return { key, data: Buffer.concat(nals.flatMap((nal) => [START_CODE, nal])) };
  }
}

/** SPS and PPS of an AVCDecoderConfigurationRecord. */
function parameterSetsOf(record: Buffer): readonly Buffer[] {
  const sets: Buffer[] = [];
  let at = 5;
  for (const mask of [0x1f, 0xff]) {
    const count = byteAt(record, at) & mask;
    at += 1;
    for (let index = 0; index < count; index += 1) {
      const size = byteAt(record, at) * 256 + byteAt(record, at + 1);
      at += 2;
      sets.push(piece(record, at, size));
      at += size;
    }
  }
  return sets;
}

function nalUnitsOf(body: Buffer): readonly Buffer[] {
  const nals: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    if (at + LENGTH_BYTES > body.length) throw new FlvError('A NAL unit without its length');
    const size = body.readUInt32BE(at);
    nals.push(piece(body, at + LENGTH_BYTES, size));
    at += LENGTH_BYTES + size;
  }
  return nals;
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new FlvError('A configuration that is cut off');
  return byte;
}

function piece(bytes: Buffer, at: number, size: number): Buffer {
  if (at + size > bytes.length) throw new FlvError('A NAL unit that is cut off');
  return bytes.subarray(at, at + size);
}
