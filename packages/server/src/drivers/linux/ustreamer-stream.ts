import { performance } from 'node:perf_hooks';
import { anySignal } from '../../core/any-signal.ts';
import { unixHttpStream } from '../../platform/unix-http-stream.ts';
import { jpegSize } from '../../protocols/jpeg-size.ts';
import { MultipartParser, type MultipartPart } from '../../protocols/multipart.ts';

/** A picture of /stream. */
export interface StreamPicture {
  readonly jpeg: Buffer;
  /** px; undefined when the bytes are no picture, or one that nobody can show. */
  readonly size: { readonly width: number; readonly height: number } | undefined;
  /** False for µStreamer's own picture that says that there is no signal. */
  readonly online: boolean;
  /** Nothing was grabbed since the picture before: µStreamer tells it again as a sign of life. */
  readonly repeated: boolean;
  /** ms on the monotonic clock. */
  readonly grabBeginMs: number;
  readonly grabEndMs: number;
}

/** How to read it. */
export interface StreamOptions {
  readonly socketPath: string;
  /** µStreamer repeats a picture each second: without any for so long it is stuck, ms. */
  readonly stallMs: number;
  readonly signal: AbortSignal;
  readonly onPicture: (picture: StreamPicture) => void;
}

const BOUNDARY = /^multipart\/x-mixed-replace;\s*boundary="?([\w'()+,./:=?-]{1,70})"?$/i;
/** Larger ones nobody sends, but a broken header may claim them; decoding takes 4 bytes each. */
const MAX_PIXELS = 8192 * 8192;
/** An older time of grabbing is none: without a picture it is 0. */
const MAX_AGE_MS = 60_000;

/** Reads pictures until the signal; rejects when they end, make no sense, or do not come. */
export async function readStream(options: StreamOptions): Promise<void> {
  const { socketPath, stallMs, onPicture } = options;
  const stalled = new AbortController();
  const late = () => stalled.abort(new Error(`no picture came for ${stallMs / 1000} s`));
  const timer = setTimeout(late, stallMs);
  // Lets go of the signal when this is over.
  const over = new AbortController();
  const signal = anySignal([options.signal, stalled.signal, over.signal]);
  try {
    const response = await unixHttpStream(socketPath, '/stream?extra_headers=1', signal);
    const type = response.headers['content-type'] ?? '';
    const boundary = BOUNDARY.exec(type)?.[1];
    if (boundary === undefined) throw new Error(`it sent ${JSON.stringify(type)}, no pictures`);
    const parser = new MultipartParser(boundary);
    let grabbed: string | undefined;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      for (const part of parser.push(chunk)) {
        timer.refresh();
        if (signal.aborted) break;
        const before = grabbed;
        grabbed = grabTime(part);
        onPicture({ ...pictureOf(part), repeated: grabbed !== undefined && grabbed === before });
      }
    }
    throw new Error('the stream of pictures ended');
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    clearTimeout(timer);
    over.abort(new Error('the stream is over'));
  }
}

/** As µStreamer tells it: 4.9 has one time of grabbing, 6.x its begin and end. */
function grabTime({ headers }: MultipartPart): string | undefined {
  return headers.get('x-ustreamer-grab-time') ?? headers.get('x-ustreamer-grab-begin-time');
}

function pictureOf({ headers, body }: MultipartPart): Omit<StreamPicture, 'repeated'> {
  const size = jpegSize(body);
  const nowMs = performance.now();
  const secondsOf = (name: string) => Number(headers.get(`x-ustreamer-${name}-time`));
  // Its clock is not ours (4.9 takes CLOCK_MONOTONIC_RAW), but the time of sending is on it, too.
  const timeOf = (name: string) => {
    const ageMs = (secondsOf('send') - secondsOf(name)) * 1000;
    return ageMs >= 0 && ageMs < MAX_AGE_MS ? nowMs - ageMs : undefined;
  };
  // 4.9 has one time of grabbing, 6.x its begin and end.
  const onlyMs = timeOf('grab') ?? nowMs;
  return {
    jpeg: body,
    size: size && size.width * size.height <= MAX_PIXELS ? size : undefined,
    online: headers.get('x-ustreamer-online') !== 'false',
    grabBeginMs: timeOf('grab-begin') ?? onlyMs,
    grabEndMs: timeOf('grab-end') ?? onlyMs,
  };
}
