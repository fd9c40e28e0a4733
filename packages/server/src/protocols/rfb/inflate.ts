import { RFB_LIMITS, RfbError } from './limits.ts';
import { ByteReader, type Reading, waitFor } from './reader.ts';

/** A zlib stream (RFC 1950) that goes on over the rectangles of a connection. */
export interface RfbInflater {
  /** All that these bytes give, at most 1032 times as many; rejects when they are broken. */
  inflate(bytes: Uint8Array): Promise<Uint8Array>;
  /** Forgets the stream: a new one begins. */
  reset(): void;
}

/** Reads `compressedBytes` of a stream and gives what they inflate to, piece by piece, to `inner`. */
export function* readInflated(
  inflater: RfbInflater,
  compressedBytes: number,
  inner: Reading,
): Reading {
  const reader = new ByteReader(inner);
  let left = compressedBytes;
  while (left > 0) {
    const piece = yield { upTo: Math.min(left, RFB_LIMITS.inflatePieceBytes) };
    left -= piece.length;
    void reader.push(yield* inflated(inflater, piece));
    if (reader.excess > 0) throw new RfbError('The VNC server sent more pixels than there are');
  }
  if (!reader.done) throw new RfbError('The VNC server sent too few compressed pixels');
}

function* inflated(inflater: RfbInflater, piece: Uint8Array): Reading<Uint8Array> {
  try {
    return yield* waitFor(inflater.inflate(piece));
  } catch (cause) {
    throw new RfbError('The VNC server sent broken compressed pixels', 'protocol', { cause });
  }
}
