/**
 * A JPEG file (ITU-T T.81, Annex B): SOI, segments FF marker length(2) ..., the frame header SOFn
 * among them with precision(1) height(2) width(2), a scan, EOI.
 */

const SOI = 0xff_d8;
const EOI = 0xff_d9;
const SOS = 0xda;
/** SOF0..SOF15 without DHT, JPG and DAC, which lie between them. */
const isFrame = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
/** How much may follow EOI: capture devices fill up their buffers with zeros. */
const MAX_PADDING = 4096;

/** Width and height in px of a complete file; undefined for anything else. The scan is not read. */
export function jpegSize(
  file: Uint8Array,
): { readonly width: number; readonly height: number } | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  if (file.length < 4 || view.getUint16(0) !== SOI || !hasEnd(view)) return undefined;
  let size: { width: number; height: number } | undefined;
  let at = 2;
  while (at + 4 <= file.length && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === SOS) return size;
    const length = view.getUint16(at + 2);
    if (length < 2) return undefined;
    if (isFrame(marker) && at + 9 <= file.length) {
      size = { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
      if (size.width === 0 || size.height === 0) return undefined;
    }
    at += 2 + length;
  }
  return undefined;
}

function hasEnd(view: DataView): boolean {
  let end = view.byteLength;
  const least = Math.max(2, end - MAX_PADDING);
  while (end > least && view.getUint8(end - 1) === 0) end -= 1;
  return end >= 4 && view.getUint16(end - 2) === EOI;
}
