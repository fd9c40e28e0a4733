import type { Reading } from './reader.ts';
import type { RfbRect, RfbScreen } from './screen.ts';

/** Raw encoding (RFC 6143, 7.7.1): `BGRX * width * height`, as it comes. */
export function* readRaw(screen: RfbScreen, rect: RfbRect): Reading {
  const total = rect.width * rect.height * 4;
  let done = 0;
  while (done < total) {
    const bytes = yield { upTo: total - done };
    screen.putBytes(rect, done, bytes);
    done += bytes.length;
  }
}
