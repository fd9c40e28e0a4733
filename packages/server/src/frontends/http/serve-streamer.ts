import type { IncomingMessage, ServerResponse } from 'node:http';
import { KvmError } from '@crashcart/api';
import type { Video } from '../../video/video.ts';
import { mjpegOptions, serveMjpeg } from './mjpeg-stream.ts';

const NO_STORE = {
  'Cache-Control':
    'no-store, no-cache, must-revalidate, proxy-revalidate, pre-check=0, post-check=0, max-age=0',
  Pragma: 'no-cache',
  Expires: 'Mon, 3 Jan 2000 12:34:56 GMT',
} as const;

const page = (title: string, body: string) =>
  `<!DOCTYPE html><html><head><meta charset="utf-8"><title>${title}</title></head>` +
  `<body>${body}</body></html>\n`;

const INDEX = page(
  'Streamer',
  '<h1>Streamer</h1><ul><li><a href="streamer/state">/state</a>: state as JSON</li>' +
    '<li><a href="streamer/snapshot">/snapshot</a>: one picture</li>' +
    '<li><a href="streamer/stream">/stream</a>: MJPEG (key, extra_headers, advance_headers, ' +
    'dual_final_frames, zero_data, max_fps)</li></ul>',
);

/** An icon of one transparent dot: browsers ask for it. */
const ICON = Buffer.from(
  '000001000100010101000100200030000000160000002800000001000000020000000100200000000000080000' +
    '00000000000000000000000000000000000000000000000000',
  'hex',
);

/**
 * Answers /streamer, /streamer/state, /streamer/snapshot and /streamer/stream in µStreamer's
 * formats. Whoever asks for pictures here counts as a viewer: the streamer starts for them. The
 * caller has checked who asks; `ended` closes the stream when that session ends.
 */
export function serveStreamer(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  video: Video,
  ended: AbortSignal,
): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    answer(response, 405, 'text/plain', '405: Method Not Allowed', { Allow: 'GET,HEAD' });
    return;
  }
  switch (url.pathname.replace(/\/+$/, '')) {
    case '/streamer':
      answer(response, 200, 'text/html; charset=utf-8', INDEX);
      break;
    case '/streamer/state':
      answer(response, 200, 'application/json', stateText(video), NO_STORE);
      break;
    case '/streamer/snapshot':
      void serveSnapshot(response, video);
      break;
    case '/streamer/stream':
      serveMjpeg(request.socket, mjpegOptions(url.searchParams), video, ended);
      break;
    case '/streamer/favicon.ico':
      answer(response, 200, 'image/x-icon', ICON);
      break;
    default:
      answer(response, 404, 'text/html', page('404 Not Found', '<h1>Not Found</h1>'));
  }
}

function stateText(video: Video): string {
  return JSON.stringify({ ok: true, result: video.state() });
}

async function serveSnapshot(response: ServerResponse, video: Video): Promise<void> {
  const release = video.watch();
  try {
    const { jpeg, headers } = await video.snapshot({ allowOffline: true });
    answer(response, 200, 'image/jpeg', jpeg, { ...NO_STORE, ...headers });
  } catch (error) {
    const known = error instanceof KvmError && error.kind === 'unavailable';
    answer(response, known ? 503 : 500, 'text/plain', known ? error.message : 'Internal error');
  } finally {
    release();
  }
}

function answer(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, { ...headers, 'Content-Type': type, 'Content-Length': length });
  response.end(body);
}
