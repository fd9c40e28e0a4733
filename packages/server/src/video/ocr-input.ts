import { setImmediate } from 'node:timers/promises';
import { ValidatorError } from '@crashcart/api';

/** A part of a picture by its edges, px; undefined or negative = that edge of the picture. */
export interface OcrRegion {
  readonly left?: number | undefined;
  readonly top?: number | undefined;
  readonly right?: number | undefined;
  readonly bottom?: number | undefined;
}

/** A decoded picture, BGRX. */
export interface OcrPicture {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Letters of a text console are 16 px high, of which tesseract reads little: it wants 30 and more. */
const LARGEST_SCALE = 3;
/** More pixels cost more time than they help. */
const MOST_PIXELS = 9_000_000;
/** Rows that are made in one go: others have their turn between. */
const BAND_ROWS = 16;
const GREY_ROWS = 64;
/** Every n-th pixel says whether a picture is dark. */
const SAMPLE_STEP = 37;

/** The edges within the picture. Throws ValidatorError when nothing is between them. */
export function cropped(region: OcrRegion, width: number, height: number) {
  const edge = (given: number | undefined, size: number, whole: number) =>
    given === undefined || given < 0 ? whole : Math.min(given, size);
  const left = edge(region.left, width, 0);
  const top = edge(region.top, height, 0);
  const right = edge(region.right, width, width);
  const bottom = edge(region.bottom, height, height);
  if (left >= right || top >= bottom) throw new ValidatorError('The region of the text is empty');
  return { left, top, width: right - left, height: bottom - top };
}

/**
 * What tesseract reads best, as a PGM file in pieces: the region in grey, enlarged as far as it
 * stays quick, dark on light. Throws ValidatorError.
 */
export async function* ocrInput(
  picture: OcrPicture,
  region: OcrRegion,
): AsyncGenerator<Uint8Array> {
  const { left, top, width, height } = cropped(region, picture.width, picture.height);
  const grey = await greyOf(picture, { left, top, width, height });
  if (isDark(grey)) for (let at = 0; at < grey.length; at += 1) grey[at] = 255 - (grey[at] ?? 0);
  const fitting = Math.floor(Math.sqrt(MOST_PIXELS / grey.length));
  const scale = Math.max(1, Math.min(LARGEST_SCALE, fitting));
  yield Buffer.from(`P5\n${width * scale} ${height * scale}\n255\n`);
  const columns = weights(width, scale);
  const rows = weights(height, scale);
  for (let from = 0; from < rows.length; from += BAND_ROWS) {
    const band = rows.slice(from, from + BAND_ROWS);
    const out = Buffer.allocUnsafe(band.length * columns.length);
    let to = 0;
    for (const row of band) {
      for (const column of columns) {
        // The buffer cuts off what is behind the point.
        out[to] = between(grey, width, row, column) + 0.5;
        to += 1;
      }
    }
    yield out;
  }
}

interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Luma of BT.601 in 1/256. */
async function greyOf(
  picture: OcrPicture,
  { left, top, width, height }: Area,
): Promise<Uint8Array> {
  const { data } = picture;
  const grey = new Uint8Array(width * height);
  for (let y = 0; y < height; y += 1) {
    if (y % GREY_ROWS === 0) await setImmediate();
    let from = ((top + y) * picture.width + left) * 4;
    for (let to = y * width; to < (y + 1) * width; to += 1, from += 4) {
      const blue = data[from] ?? 0;
      const green = data[from + 1] ?? 0;
      const red = data[from + 2] ?? 0;
      grey[to] = (29 * blue + 150 * green + 77 * red) >> 8;
    }
  }
  return grey;
}

function isDark(grey: Uint8Array): boolean {
  let [sum, count] = [0, 0];
  for (let at = 0; at < grey.length; at += SAMPLE_STEP) {
    sum += grey[at] ?? 0;
    count += 1;
  }
  return sum < count * 128;
}

/** Two neighbours of an enlarged pixel, and how much the second counts. */
interface Weight {
  readonly first: number;
  readonly second: number;
  readonly share: number;
}

function weights(size: number, scale: number): readonly Weight[] {
  return Array.from({ length: size * scale }, (_, at) => {
    const place = Math.min(size - 1, Math.max(0, (at + 0.5) / scale - 0.5));
    const first = Math.floor(place);
    return { first, second: Math.min(size - 1, first + 1), share: place - first };
  });
}

function between(grey: Uint8Array, width: number, row: Weight, column: Weight): number {
  const mixed = (line: number) => {
    const a = grey[line * width + column.first] ?? 0;
    const b = grey[line * width + column.second] ?? 0;
    return a + (b - a) * column.share;
  };
  const above = mixed(row.first);
  return above + (mixed(row.second) - above) * row.share;
}
