import type { Frame } from '../../../src/core/video-source.ts';

/** Y, U and V of black (ITU-R BT.601). */
const BLACK = { y: 16, u: 128 } as const;

/** A blank picture of UYVY: two pixels in four bytes. */
export function blankUyvy({ width, height }: { width: number; height: number }): Buffer {
  return Buffer.alloc(width * height * 2, Buffer.from([BLACK.u, BLACK.y]));
}

/**
 * A picture of BGRX on a screen of that size, as a monitor would show it: at the top left, without
 * what does not fit, in limited range by ITU-R BT.601.
 */
export function uyvyOf(frame: Frame, screen: { width: number; height: number }): Buffer {
  const out = blankUyvy(screen);
  const { data } = frame;
  const width = Math.min(frame.width, screen.width) & ~1;
  const height = Math.min(frame.height, screen.height);
  for (let row = 0; row < height; row += 1) {
    let from = row * frame.width * 4;
    let to = row * screen.width * 2;
    for (let pair = 0; pair < width; pair += 2, from += 8, to += 4) {
      const [b = 0, g = 0, r = 0] = [data[from], data[from + 1], data[from + 2]];
      out[to] = 128 + ((-38 * r - 74 * g + 112 * b) >> 8);
      out[to + 1] = luma(r, g, b);
      out[to + 2] = 128 + ((112 * r - 94 * g - 18 * b) >> 8);
      out[to + 3] = luma(data[from + 6] ?? 0, data[from + 5] ?? 0, data[from + 4] ?? 0);
    }
  }
  return out;
}

function luma(r: number, g: number, b: number): number {
  return 16 + ((66 * r + 129 * g + 25 * b) >> 8);
}
