import { execFile } from 'node:child_process';
import type { Page } from 'playwright-core';
import { loadJpegTurbo } from '../../src/video/jpeg-turbo.ts';

/** Text of a console is 9x16 px, less than OCR reads well. */
const ENLARGE = 3;

/** What a person reads on the page's picture: its canvas, through OCR. */
export async function canvasText(page: Page): Promise<string> {
  const url = await page.evaluate((times) => {
    const canvas = document.querySelector<HTMLCanvasElement>('canvas.picture');
    if (canvas === null) throw new Error('no canvas');
    const large = document.createElement('canvas');
    large.width = canvas.width * times;
    large.height = canvas.height * times;
    const context = large.getContext('2d');
    if (context === null) throw new Error('no 2D context');
    // Dark on light, as printed.
    context.filter = 'grayscale(1) invert(1)';
    context.drawImage(canvas, 0, 0, large.width, large.height);
    return large.toDataURL('image/png');
  }, ENLARGE);
  return readText(Buffer.from(url.slice(url.indexOf(',') + 1), 'base64'));
}

/** What a person reads on a JPEG snapshot. */
export async function jpegText(jpeg: Buffer): Promise<string> {
  const { data, width, height } = await (await loadJpegTurbo()).decode(jpeg);
  const row = Buffer.alloc(width * ENLARGE);
  const rows: Buffer[] = [Buffer.from(`P5 ${width * ENLARGE} ${height * ENLARGE} 255\n`)];
  for (let y = 0; y < height; y += 1) {
    // Green alone tells light from dark.
    for (let x = 0; x < row.length; x += 1) {
      row[x] = 255 - (data[(y * width + Math.floor(x / ENLARGE)) * 4 + 1] ?? 0);
    }
    for (let copy = 0; copy < ENLARGE; copy += 1) rows.push(Buffer.from(row));
  }
  return readText(Buffer.concat(rows));
}

/** Reads an image with Debian's tesseract. */
function readText(image: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, OMP_THREAD_LIMIT: '1' };
    const child = execFile('tesseract', ['-', '-', '--psm', '6'], { env }, (error, text) => {
      if (error) reject(error);
      else resolve(text);
    });
    child.stdin?.end(image);
  });
}
