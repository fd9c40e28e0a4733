import { loadJpegTurbo } from './jpeg-turbo.ts';

/** How small a preview shall be, px; 0 = as large as the other one allows, both 0 = a fifth. */
export interface PreviewOptions {
  readonly maxWidth: number;
  readonly maxHeight: number;
  /** JPEG quality, 1..100. */
  readonly quality: number;
}

const DEFAULT_DIVISOR = 5;
/** Samples per direction and output pixel: enough for text to stay grey instead of flickering. */
const SAMPLES = 3;

/** Size in px of a preview: fits the limits, keeps the shape, is never larger than the original. */
export function previewSize(width: number, height: number, options: PreviewOptions) {
  const both = options.maxWidth === 0 && options.maxHeight === 0;
  const maxWidth = both ? width / DEFAULT_DIVISOR : options.maxWidth || width;
  const maxHeight = both ? height / DEFAULT_DIVISOR : options.maxHeight || height;
  const scale = Math.min(1, maxWidth / width, maxHeight / height);
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
}

/** A small copy of a JPEG file. */
export async function makePreview(jpeg: Buffer, options: PreviewOptions): Promise<Buffer> {
  const turbo = await loadJpegTurbo();
  const source = await turbo.decode(jpeg);
  const size = previewSize(source.width, source.height, options);
  const pixels = shrink(source, size.width, size.height);
  const out = Buffer.allocUnsafe(turbo.outputBytes(size.width, size.height));
  const preview = await turbo.encode(pixels, size.width, size.height, options.quality, out);
  return Buffer.from(preview);
}

function shrink(
  source: { readonly data: Buffer; readonly width: number; readonly height: number },
  width: number,
  height: number,
): Buffer {
  const target = Buffer.alloc(width * height * 4);
  const { data } = source;
  const offsets = (index: number, size: number, length: number) =>
    Array.from({ length: SAMPLES }, (_, sample) =>
      Math.min(length - 1, Math.floor(((index + (sample + 0.5) / SAMPLES) * length) / size)),
    );
  const columns = Array.from({ length: width }, (_, x) => offsets(x, width, source.width));
  for (let y = 0; y < height; y += 1) {
    const rows = offsets(y, height, source.height);
    columns.forEach((sources, x) => {
      let [blue, green, red] = [0, 0, 0];
      for (const row of rows) {
        for (const column of sources) {
          const at = (row * source.width + column) * 4;
          blue += data[at] ?? 0;
          green += data[at + 1] ?? 0;
          red += data[at + 2] ?? 0;
        }
      }
      const to = (y * width + x) * 4;
      target[to] = blue / SAMPLES ** 2;
      target[to + 1] = green / SAMPLES ** 2;
      target[to + 2] = red / SAMPLES ** 2;
    });
  }
  return target;
}
