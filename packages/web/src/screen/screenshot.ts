import { signal } from '@preact/signals';
import { RefusedError, request } from '../api.ts';
import { hostName } from '../state/machine.ts';

/** What became of the last screenshot, in words. */
export const screenshotTold = signal<{ readonly ok: boolean; readonly text: string } | undefined>(
  undefined,
);
/** Whether this browser lets pages put pictures on the clipboard (only over HTTPS or localhost). */
export const canCopyPictures =
  globalThis.navigator?.clipboard?.write !== undefined && 'ClipboardItem' in globalThis;

/** Downloads the machine's picture of now as a JPEG file. */
export async function saveScreenshot(): Promise<void> {
  await tell(async () => {
    const file = URL.createObjectURL(await snapshot());
    const name = screenshotName(hostName.peek() ?? 'crashcart', new Date());
    Object.assign(document.createElement('a'), { href: file, download: name }).click();
    // The browser has its own hold on the content by then.
    setTimeout(() => URL.revokeObjectURL(file), 60_000);
    return `Saved as ${name}.`;
  });
}

/** Puts the machine's picture of now on the clipboard. */
export async function copyScreenshot(): Promise<void> {
  await tell(async () => {
    // Browsers want the item within the click, its content may come later.
    const item = new ClipboardItem({ 'image/png': snapshot().then(toPng) });
    await navigator.clipboard.write([item]);
    return 'Copied. Paste it where you need it.';
  });
}

async function tell(act: () => Promise<string>): Promise<void> {
  screenshotTold.value = undefined;
  try {
    screenshotTold.value = { ok: true, text: await act() };
  } catch (error) {
    screenshotTold.value = { ok: false, text: screenshotFailure(error) };
  }
}

/** Why there is no screenshot, as a sentence with the next step. */
export function screenshotFailure(error: unknown): string {
  if (error instanceof RefusedError && error.status === 503) {
    return 'There is no picture now. Start the machine and try again.';
  }
  if (error instanceof DOMException && error.name === 'NotAllowedError') {
    return 'The browser did not allow it. Click the page, or save the file instead.';
  }
  return 'The picture did not come. Check the connection and try again.';
}

async function snapshot(): Promise<Blob> {
  return (await request('api/streamer/snapshot')).blob();
}

async function toPng(jpeg: Blob): Promise<Blob> {
  const picture = await createImageBitmap(jpeg);
  const canvas = document.createElement('canvas');
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext('2d')?.drawImage(picture, 0, 0);
  picture.close();
  return new Promise((resolve, reject) => {
    canvas.toBlob((png) => (png === null ? reject(new Error('no PNG')) : resolve(png)));
  });
}

/** A file name that sorts by time, e.g. `lab-1_2026-11-23_13-05-09.jpg`. */
export function screenshotName(host: string, at: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join('-');
  return `${host.replace(/[^\p{L}\p{N}.-]+/gu, '-')}_${day}_${time}.jpg`;
}
