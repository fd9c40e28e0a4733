import { jpegSize } from '../jpeg-size.ts';
import { rgbAt } from './colours.ts';
import { type RfbInflater, readInflated } from './inflate.ts';
import { RfbError } from './limits.ts';
import { type Reading, waitFor } from './reader.ts';
import type { RfbRect, RfbScreen } from './screen.ts';
import { readTightFilter } from './tight-filters.ts';

/** What Tight needs besides bytes. */
export interface TightTools {
  /** Four zlib streams. */
  readonly inflaters: readonly RfbInflater[];
  /** Decodes a complete JPEG file to BGRX; rejects when it is broken. */
  decodeJpeg(jpeg: Uint8Array): Promise<Uint8Array>;
}

const FILL = 8;
const JPEG = 9;
const EXPLICIT_FILTER = 4;
/** Fewer bytes than these are not compressed. */
const MIN_COMPRESSED = 12;

/**
 * Tight encoding (the RFB protocol of the community, 7.7.6). The low half of the first byte says
 * which zlib streams begin anew, the high half what follows; a pixel is 3 bytes, red first.
 *
 *     1000 | pixel: all of it                    1001 | length | a JPEG file
 *     00ss | length | zlib stream ss             01ss | filter: u8 | palette ? | length | stream ss
 *     length: 7 bits a byte, low ones first, the top bit tells that another byte follows; 3 at most,
 *     all 8 bits of the third count. It is left out, and so is zlib, for fewer than 12 bytes.
 */
export function* readTight(screen: RfbScreen, rect: RfbRect, tools: TightTools): Reading {
  const [control = 0] = yield 1;
  tools.inflaters.forEach((inflater, index) => {
    if (control & (1 << index)) inflater.reset();
  });
  const kind = control >> 4;
  if (kind === FILL) screen.fill(rect, rgbAt(yield 3, 0));
  else if (kind === JPEG) yield* readJpeg(screen, rect, tools);
  else if (kind < FILL) yield* readBasic(screen, rect, kind, tools);
  else throw new RfbError(`The VNC server used an unknown kind of Tight rectangle, ${kind}`);
}

function* readBasic(
  screen: RfbScreen,
  rect: RfbRect,
  kind: number,
  { inflaters }: TightTools,
): Reading {
  const [id = 0] = kind & EXPLICIT_FILTER ? yield 1 : [];
  const filter = yield* readTightFilter(id, rect.width);
  if (filter.rowBytes * rect.height < MIN_COMPRESSED) {
    yield* filter.rows(screen, rect);
    return;
  }
  const inflater = inflaters[kind & 3];
  if (!inflater) throw new RfbError('There is no such zlib stream');
  yield* readInflated(inflater, yield* readLength(), filter.rows(screen, rect));
}

function* readJpeg(screen: RfbScreen, rect: RfbRect, { decodeJpeg }: TightTools): Reading {
  const jpeg = (yield yield* readLength()).slice();
  const size = jpegSize(jpeg);
  // What a small file claims to be may be huge: it is looked at before anything is decoded.
  if (size?.width !== rect.width || size.height !== rect.height) {
    throw new RfbError('The VNC server sent a JPEG that does not fit its rectangle');
  }
  const pixels = yield* decoded(decodeJpeg(jpeg));
  screen.putBytes(rect, 0, pixels.subarray(0, rect.width * rect.height * 4));
}

function* decoded(decoding: Promise<Uint8Array>): Reading<Uint8Array> {
  try {
    return yield* waitFor(decoding);
  } catch (cause) {
    throw new RfbError('The VNC server sent a broken JPEG', 'protocol', { cause });
  }
}

function* readLength(): Reading<number> {
  const [first = 0] = yield 1;
  if (first < 128) return first;
  const [second = 0] = yield 1;
  const low = (first & 127) | ((second & 127) << 7);
  if (second < 128) return low;
  const [third = 0] = yield 1;
  return low | (third << 14);
}
