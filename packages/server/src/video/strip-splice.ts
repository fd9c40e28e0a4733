/**
 * Joins baseline JPEG files of equal width and tables, each one strip of a picture, into one file:
 * the first strip's header with the whole height, a restart interval of one strip (DRI), and the
 * entropy-coded bytes with restart markers between them (ITU-T T.81, B.2 and E.1.4). A restart
 * resets the predictors as the start of a file does, so nothing is decoded or encoded again.
 */

const SOF0 = 0xc0;
const EOI = 0xd9;
const SOS = 0xda;
const DRI = 0xdd;
const RST0 = 0xd0;

/** Rows of a strip: the height of an MCU with 4:2:0. */
export const STRIP_ROWS = 16;
const MCU_COLUMNS = 16;

/** A strip's file in parts. */
export interface JpegStrip {
  /** From SOI up to SOS. */
  readonly header: Uint8Array;
  /** The SOS segment itself. */
  readonly scanHeader: Uint8Array;
  /** Where SOF0's marker is in `header`. */
  readonly frameAt: number;
  /** The entropy-coded bytes without EOI. */
  readonly data: Uint8Array;
}

/** Takes a strip's file apart; throws a TypeError for what is no baseline JPEG of one scan. */
export function parseStrip(file: Uint8Array): JpegStrip {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  let at = 2;
  let frameAt = -1;
  while (at + 4 <= file.length && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    const next = at + 2 + view.getUint16(at + 2);
    if (marker === SOF0) frameAt = at;
    if (marker === SOS) {
      const end = file.length - 2;
      if (frameAt < 0 || next > end || view.getUint16(end) !== (0xff00 | EOI)) break;
      return {
        header: file.subarray(0, at),
        scanHeader: file.subarray(at, next),
        frameAt,
        data: file.subarray(next, end),
      };
    }
    at = next;
  }
  throw new TypeError('Not a baseline JPEG of one scan');
}

/** The whole file; `height` in px is that of all `strips` together. */
export function spliceStrips(
  first: JpegStrip,
  strips: readonly Uint8Array[],
  width: number,
  height: number,
): Buffer {
  const header = Buffer.from(first.header);
  header.writeUInt16BE(height, first.frameAt + 5);
  const interval = Buffer.from([0xff, DRI, 0, 4, 0, 0]);
  interval.writeUInt16BE(Math.ceil(width / MCU_COLUMNS), 4);
  const parts: Uint8Array[] = [header, interval, first.scanHeader];
  strips.forEach((data, index) => {
    if (index > 0) parts.push(Uint8Array.of(0xff, RST0 + ((index - 1) % 8)));
    parts.push(data);
  });
  parts.push(Uint8Array.of(0xff, EOI));
  return Buffer.concat(parts);
}
