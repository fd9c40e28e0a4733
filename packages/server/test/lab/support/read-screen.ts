import type { Client } from '@crashcart/api';
import { silentLog } from '../../../src/core/log.ts';
import { Ocr } from '../../../src/video/ocr.ts';

/** Between two looks at a picture that is still being drawn, ms. */
const LOOK_MS = 1000;

/**
 * Reads the API's snapshots until they say something, each once it stands still. Rejects with what was
 * read last. Text recognition is crashcart's own, but here: an emulated board takes a minute for a picture.
 */
export async function readScreen(
  api: Client,
  wanted: string | RegExp,
  ms: number,
): Promise<string> {
  const ocr = new Ocr({ langs: ['eng'], tessdata: '', log: silentLog });
  const signal = AbortSignal.timeout(ms);
  let shown: Buffer | undefined;
  let read: Buffer | undefined;
  let text = '';
  while (!signal.aborted) {
    const picture = Buffer.from(await api.call('streamerSnapshot', {}));
    if (shown?.equals(picture) && !read?.equals(picture)) {
      read = picture;
      text = await ocr.recognize(picture, { langs: [], region: {}, signal });
      if (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text)) return text;
    }
    shown = picture;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(`The screen never said ${wanted}, but: ${text}`);
}
