import { ADVANCE, eachDot, LINE_HEIGHT, wrap } from './bitmap-font.ts';
import type { Pixels } from './jpeg-encoder.ts';

/** Size of the picture in px, as µStreamer's. */
export const NO_SIGNAL_SIZE = { width: 640, height: 480 } as const;

const BACKGROUND = 0x00_20_1c_18;
const TITLE = { text: 'No live video', color: 0x00_ff_ff_ff, scale: 5 } as const;
const REASON = { color: 0x00_c8_c8_c8, scale: 3 } as const;
const MARGIN = 24;
const MAX_LINES = 8;

/** Draws the picture that says why there is none. */
export function drawNoSignal(reason: string): Pixels {
  const { width, height } = NO_SIGNAL_SIZE;
  const pixels = new Uint32Array(width * height).fill(BACKGROUND);
  const columns = Math.floor((width - 2 * MARGIN) / (ADVANCE * REASON.scale));
  const lines = wrap(reason, columns).slice(0, MAX_LINES);
  const line = (text: string, top: number, scale: number, color: number) => {
    const left = Math.floor((width - (text.length * ADVANCE - 1) * scale) / 2);
    eachDot(text, (x, y) => {
      for (let row = 0; row < scale; row += 1) {
        const at = (top + y * scale + row) * width + left + x * scale;
        pixels.fill(color, at, at + scale);
      }
    });
  };
  line(TITLE.text, 140, TITLE.scale, TITLE.color);
  lines.forEach((text, index) => {
    line(text, 220 + index * LINE_HEIGHT * REASON.scale, REASON.scale, REASON.color);
  });
  return { data: Buffer.from(pixels.buffer), width, height };
}
