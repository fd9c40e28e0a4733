import type { Page } from 'playwright-core';

/** What was read of the time in the pictures of a `CaptureDevice`, on one clock. */
export interface TimeCodes {
  /** Each picture in the order of its showing: when it was taken, and how old it was then, ms. */
  readonly shown: readonly { readonly takenMs: number; readonly ageMs: number }[];
  /** Looks at a picture whose code made no sense. */
  readonly unread: number;
}

/**
 * Looks at what a page shows each time the browser draws, until so many pictures were seen. The
 * element is an image, a canvas or a video.
 */
export function readTimeCodes(page: Page, selector: string, count: number): Promise<TimeCodes> {
  return page.evaluate(readInPage, { selector, count });
}

/** Runs in the page. */
async function readInPage(of: { selector: string; count: number }): Promise<TimeCodes> {
  const [cell, columns, rows] = [40, 16, 2];
  const day = 2 ** 24;
  const canvas = new OffscreenCanvas(columns, rows);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('no canvas');
  context.imageSmoothingEnabled = false;
  const shown: { takenMs: number; ageMs: number }[] = [];
  let unread = 0;
  const look = () => {
    const element = document.querySelector<HTMLCanvasElement>(of.selector);
    if (element === null) return;
    // One pixel of each cell: its middle.
    context.clearRect(0, 0, columns, rows);
    context.drawImage(element, 0, 0, columns * cell, rows * cell, 0, 0, columns, rows);
    const pixels = context.getImageData(0, 0, columns, rows).data;
    const bytes = [0, 1, 2, 3].map((byte) => {
      let value = 0;
      for (let bit = 0; bit < 8; bit += 1) {
        value = 2 * value + ((pixels[4 * (8 * byte + bit)] ?? 0) > 127 ? 1 : 0);
      }
      return value;
    });
    const [high = 0, middle = 0, low = 0, check = 0] = bytes;
    if ((high ^ middle ^ low ^ 0x5a) !== check) {
      if (shown.length > 0) unread += 1;
      return;
    }
    const now = Date.now();
    const code = (high << 16) | (middle << 8) | low;
    const sinceMs = ((now % day) - code + day) % day;
    // A picture of a moment ago on a clock that was set may be of the future.
    const ageMs = sinceMs > day / 2 ? sinceMs - day : sinceMs;
    if (shown.at(-1)?.takenMs !== now - ageMs) shown.push({ takenMs: now - ageMs, ageMs });
  };
  while (shown.length < of.count) {
    await new Promise(requestAnimationFrame);
    look();
  }
  return { shown, unread };
}

/** The middle of the ages, and the oldest, ms; how many pictures came per second. */
export function figuresOf({ shown, unread }: TimeCodes) {
  const ages = shown.map(({ ageMs }) => ageMs).sort((a, b) => a - b);
  const [first, last] = [shown[0]?.takenMs ?? 0, shown.at(-1)?.takenMs ?? 0];
  return {
    p50: ages[Math.floor(ages.length / 2)] ?? Number.NaN,
    max: ages.at(-1) ?? Number.NaN,
    fps: Math.round(((shown.length - 1) / (last - first)) * 10_000) / 10,
    unread,
  };
}
