import type { Picture } from './picture.ts';
import { seconds } from './snapshot.ts';

/** What a client of /streamer/stream asked for: µStreamer's query parameters, and `max_fps`. */
export interface MjpegOptions {
  readonly key: string;
  readonly extraHeaders: boolean;
  readonly advanceHeaders: boolean;
  readonly dualFinalFrames: boolean;
  readonly zeroData: boolean;
  /** Pictures per second at most; 0 = as many as there are. */
  readonly maxFps: number;
}

/** What one part tells beside the picture; times in ms on the monotonic clock, `wallMs` since 1970. */
export interface MjpegPartContext {
  readonly wallMs: number;
  readonly sendMs: number;
  readonly exposeMs: number;
  readonly dropped: number;
  readonly fps: number;
}

export const BOUNDARY = 'boundarydonotcross';

const NO_CACHE = [
  'Cache-Control: no-store, no-cache, must-revalidate, proxy-revalidate, pre-check=0, post-check=0, max-age=0',
  'Pragma: no-cache',
  'Expires: Mon, 3 Jan 2000 12:34:56 GMT',
];

const block = (lines: readonly string[]) => lines.map((line) => `${line}\r\n`).join('');

/** Headers of the answer up to the first boundary; literally HTTP/1.0, as clients know it. */
export function streamHead(options: MjpegOptions, id: string, wallMs: number): string {
  const head = block([
    'HTTP/1.0 200 OK',
    ...NO_CACHE,
    `Set-Cookie: stream_client=${options.key || '0'}/${id}; path=/; max-age=30`,
    `Content-Type: multipart/x-mixed-replace;boundary=${BOUNDARY}`,
    '',
    `--${BOUNDARY}`,
  ]);
  return options.advanceHeaders ? head + advanceHead(wallMs) : head;
}

/**
 * Headers of a part that comes later: Blink draws a part only when the next one's headers are
 * there, so they are sent ahead, before its length is known.
 */
function advanceHead(wallMs: number): string {
  return block(['Content-Type: image/jpeg', `X-Timestamp: ${seconds(wallMs)}`, '']);
}

/** What goes before the picture's bytes. */
export function partHead(
  options: MjpegOptions,
  picture: Picture,
  context: MjpegPartContext,
): string {
  if (options.advanceHeaders) return '';
  return block([
    'Content-Type: image/jpeg',
    `Content-Length: ${options.zeroData ? 0 : picture.jpeg.length}`,
    `X-Timestamp: ${seconds(context.wallMs)}`,
    ...(options.extraHeaders ? extraHeaders(picture, context) : []),
    '',
  ]);
}

function extraHeaders(picture: Picture, context: MjpegPartContext): string[] {
  return [
    `X-UStreamer-Online: ${picture.online}`,
    `X-UStreamer-Dropped: ${context.dropped}`,
    `X-UStreamer-Width: ${picture.width}`,
    `X-UStreamer-Height: ${picture.height}`,
    `X-UStreamer-Client-FPS: ${context.fps}`,
    `X-UStreamer-Grab-Begin-Time: ${seconds(picture.grabBeginMs)}`,
    `X-UStreamer-Grab-End-Time: ${seconds(picture.grabEndMs)}`,
    `X-UStreamer-Encode-Begin-Time: ${seconds(picture.encodeBeginMs)}`,
    `X-UStreamer-Encode-End-Time: ${seconds(picture.encodeEndMs)}`,
    `X-UStreamer-Expose-Begin-Time: ${seconds(context.exposeMs)}`,
    `X-UStreamer-Expose-Cmp-Time: ${seconds(context.exposeMs)}`,
    `X-UStreamer-Expose-End-Time: ${seconds(context.exposeMs)}`,
    `X-UStreamer-Send-Time: ${seconds(context.sendMs)}`,
    `X-UStreamer-Latency: ${seconds(context.sendMs - picture.grabBeginMs)}`,
  ];
}

/** What goes after the picture's bytes. */
export function partTail(options: MjpegOptions, wallMs: number): string {
  const tail = `\r\n--${BOUNDARY}\r\n`;
  return options.advanceHeaders ? tail + advanceHead(wallMs) : tail;
}
