/**
 * IVF, the simplest container of pictures with times (its layout is in FFmpeg's libavformat/ivfenc.c);
 * all numbers are little-endian:
 *
 *     file:  "DKIF" version(2)=0 header size(2)=32 fourcc(4) width(2) height(2)
 *            units per second(4) 1(4) number of frames(4)=0 0(4)
 *     frame: size(4) time(8) data
 */
const HEADER_BYTES = 32;
/** Bytes before the data of a frame. */
export const IVF_FRAME_BYTES = 12;

/** What a stream of pictures is. */
export interface IvfStream {
  /** Four characters. */
  readonly fourcc: string;
  /** px, up to 65535. */
  readonly width: number;
  readonly height: number;
  /** Units of the frames' times. */
  readonly unitsPerSecond: number;
}

/** The beginning of a file. */
export function ivfHeader({ fourcc, width, height, unitsPerSecond }: IvfStream): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('DKIF', 0, 'latin1');
  header.writeUInt16LE(HEADER_BYTES, 6);
  header.write(fourcc, 8, 4, 'latin1');
  header.writeUInt16LE(width, 12);
  header.writeUInt16LE(height, 14);
  header.writeUInt32LE(unitsPerSecond, 16);
  header.writeUInt32LE(1, 20);
  return header;
}

/** Writes what comes before a frame's data into the first bytes of `target`. */
export function writeIvfFrame(target: Buffer, sizeBytes: number, time: number): void {
  target.writeUInt32LE(sizeBytes, 0);
  target.writeBigUInt64LE(BigInt(time), 4);
}
