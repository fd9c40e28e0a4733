import { execFile } from 'node:child_process';
import type { Page } from 'playwright-core';

/** Text of a console is 9x16 px, less than OCR reads well. */
const ENLARGE = 3;

/** What a person reads on the page's picture: its canvas, through OCR. */
export async function canvasText(page: Page): Promise<string> {
  return readText(await printed(page, undefined));
}

/** What a person reads on a JPEG; any page serves to draw it large. */
export async function jpegText(page: Page, jpeg: Buffer): Promise<string> {
  return readText(await printed(page, `data:image/jpeg;base64,${jpeg.toString('base64')}`));
}

/** The picture large and dark on light, as OCR likes it: a PNG. */
async function printed(page: Page, picture: string | undefined): Promise<Buffer> {
  const url = await page.evaluate(
    async ({ picture, times }) => {
      const source =
        picture === undefined
          ? document.querySelector<HTMLCanvasElement>('canvas.picture')
          : Object.assign(new Image(), { src: picture });
      if (source instanceof HTMLImageElement) await source.decode();
      const large = document.createElement('canvas');
      const context = large.getContext('2d');
      if (source === null || context === null) throw new Error('no picture');
      large.width = source.width * times;
      large.height = source.height * times;
      context.filter = 'grayscale(1) invert(1)';
      context.drawImage(source, 0, 0, large.width, large.height);
      return large.toDataURL('image/png');
    },
    { picture, times: ENLARGE },
  );
  return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
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
