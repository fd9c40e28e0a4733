import { ADVANCE, eachDot, LINE_HEIGHT, wrap } from './bitmap-font.ts';
import type { Pixels } from './jpeg-encoder.ts';

type Size = Pick<Pixels, 'width' | 'height'>;

/** Size of the picture in px before there was another one, as µStreamer's; its text is laid out for it. */
export const NO_SIGNAL_SIZE = { width: 640, height: 480 } as const;

const BACKGROUND = 0x00_20_1c_18;
const TITLE = { text: 'No live video', color: 0x00_ff_ff_ff, scale: 5 } as const;
const REASON = { color: 0x00_c8_c8_c8, scale: 3 } as const;
const MARGIN = 24;
const MAX_LINES = 8;
/** A larger picture than 4K takes more memory than it is worth, px. */
const MAX_PIXELS = 4096 * 2304;

/**
 * The size of the picture that follows one of this size: the same, so that no encoder and no page
 * has to begin anew for it, but where its text has no room, or it would be huge.
 */
export function noSignalSize({ width, height }: Size): Size {
  const hasRoom = width >= NO_SIGNAL_SIZE.width && height >= NO_SIGNAL_SIZE.height;
  return hasRoom && width * height <= MAX_PIXELS ? { width, height } : NO_SIGNAL_SIZE;
}

/** Draws the picture that says why there is none, of a size that `noSignalSize` gives. */
export function drawNoSignal(reason: string, size: Size = NO_SIGNAL_SIZE): Pixels {
  const { width, height } = size;
  const pixels = new Uint32Array(width * height).fill(BACKGROUND);
  const times = Math.floor(Math.min(width / NO_SIGNAL_SIZE.width, height / NO_SIGNAL_SIZE.height));
  const middle = Math.floor((height - NO_SIGNAL_SIZE.height * times) / 2);
  const columns = Math.floor((NO_SIGNAL_SIZE.width - 2 * MARGIN) / (ADVANCE * REASON.scale));
  const lines = wrap(reason, columns).slice(0, MAX_LINES);
  const line = (text: string, top: number, dotPx: number, color: number) => {
    const dot = dotPx * times;
    const left = Math.floor((width - (text.length * ADVANCE - 1) * dot) / 2);
    eachDot(text, (x, y) => {
      for (let row = 0; row < dot; row += 1) {
        const at = (middle + top * times + y * dot + row) * width + left + x * dot;
        pixels.fill(color, at, at + dot);
      }
    });
  };
  line(TITLE.text, 140, TITLE.scale, TITLE.color);
  lines.forEach((text, index) => {
    line(text, 220 + index * LINE_HEIGHT * REASON.scale, REASON.scale, REASON.color);
  });
  return { data: Buffer.from(pixels.buffer), width, height };
}
