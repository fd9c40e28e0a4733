import { paletteOf, rgbAt } from './colours.ts';
import { RfbError } from './limits.ts';
import type { Reading } from './reader.ts';
import type { RfbRect, RfbScreen } from './screen.ts';

/** How the pixels of a basic Tight rectangle are packed: bytes of a row, and how they are read. */
export interface TightFilter {
  readonly rowBytes: number;
  /** Reads all rows of the rectangle into the screen. */
  rows(screen: RfbScreen, rect: RfbRect): Reading;
}

const COPY = 0;
const PALETTE = 1;
const GRADIENT = 2;

/** Reads what a filter needs besides the rows; `id` as on the wire, `width` px. */
export function* readTightFilter(id: number, width: number): Reading<TightFilter> {
  if (id === COPY) return filterOf(width * 3, copyRow);
  if (id === GRADIENT) return filterOf(width * 3, gradientRow);
  if (id !== PALETTE) throw new RfbError(`The VNC server used an unknown Tight filter, ${id}`);
  const [last = 0] = yield 1;
  const palette = paletteOf(yield (last + 1) * 3, rgbAt);
  return palette.length === 2
    ? filterOf(Math.ceil(width / 8), (bytes, row) => bitRow(bytes, row, palette))
    : filterOf(width, (bytes, row) => indexRow(bytes, row, palette));
}

/** `row` has the colours of the row above, and gets those of this one. */
type ReadRow = (bytes: Uint8Array, row: Uint32Array) => void;

function filterOf(rowBytes: number, readRow: ReadRow): TightFilter {
  return {
    rowBytes,
    *rows(screen, { x, y, width, height }) {
      const row = new Uint32Array(width);
      for (let line = 0; line < height; line += 1) {
        readRow(yield rowBytes, row);
        screen.put({ x, y: y + line, width, height: 1 }, row);
      }
    },
  };
}

function copyRow(bytes: Uint8Array, row: Uint32Array): void {
  for (let x = 0; x < row.length; x += 1) row[x] = rgbAt(bytes, x * 3);
}

function bitRow(bytes: Uint8Array, row: Uint32Array, palette: Uint32Array): void {
  const [zero = 0, one = 0] = palette;
  for (let x = 0; x < row.length; x += 1) {
    row[x] = (bytes[x >> 3] ?? 0) & (128 >> (x & 7)) ? one : zero;
  }
}

function indexRow(bytes: Uint8Array, row: Uint32Array, palette: Uint32Array): void {
  for (let x = 0; x < row.length; x += 1) {
    const colour = palette[bytes[x] ?? 0];
    if (colour === undefined) {
      throw new RfbError('The VNC server sent a colour outside its palette');
    }
    row[x] = colour;
  }
}

/** Each part of a colour is told as the difference from left + above - left above, within 0..255. */
function gradientRow(bytes: Uint8Array, row: Uint32Array): void {
  let [left, leftAbove] = [0, 0];
  for (let x = 0; x < row.length; x += 1) {
    const above = row[x] ?? 0;
    const told = rgbAt(bytes, x * 3);
    let colour = 0;
    for (let shift = 0; shift < 24; shift += 8) {
      const part = (from: number) => (from >> shift) & 255;
      const guess = Math.min(255, Math.max(0, part(left) + part(above) - part(leftAbove)));
      colour |= ((guess + part(told)) & 255) << shift;
    }
    row[x] = colour;
    left = colour;
    leftAbove = above;
  }
}
