import { Buffer } from 'node:buffer';
import type { ServerResponse } from 'node:http';
import { sleep } from '../../core/sleep.ts';

export const JSON_TYPE = 'application/json; charset=utf-8';
export const TEXT_TYPE = 'text/plain; charset=utf-8';

/** A body that is ready, or that comes piece by piece. */
export type ReplyBody = Uint8Array | AsyncIterable<Uint8Array | string>;

/** An answer that is more than a JSON result. Header names are lower case. */
export class Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ReplyBody;

  constructor(status: number, headers: Readonly<Record<string, string>>, body: ReplyBody) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

/** A JSON result that is encoded already. */
export class EncodedResult {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** A short plain text answer like `404: Not Found`. */
export function textReply(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return new Reply(status, { 'content-type': TEXT_TYPE, ...headers }, Buffer.from(text));
}

/** An answer in the envelope, already encoded. */
export function jsonReply(
  status: number,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return new Reply(status, { 'content-type': JSON_TYPE, ...headers }, body);
}

/** Headers of every answer that is not a page file: it is nobody's to guess, frame or keep. */
const SAFE_HEADERS = [
  ['x-content-type-options', 'nosniff'],
  ['cache-control', 'no-store'],
  ['referrer-policy', 'no-referrer'],
] as const;
const SAFE_FLAT: readonly string[] = SAFE_HEADERS.flat();

/** Writes a JSON result of status 200: the fast path. */
export function sendJson(response: ServerResponse, body: Uint8Array): void {
  response.writeHead(200, [
    'content-type',
    JSON_TYPE,
    'content-length',
    String(body.length),
    ...SAFE_FLAT,
  ]);
  response.end(body);
}

/** Writes status and headers; `more` win. */
export function sendHead(
  response: ServerResponse,
  { status, headers }: Reply,
  more: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...Object.fromEntries(SAFE_HEADERS), ...headers, ...more });
}

/** Writes an answer; a body that comes in pieces stops with the connection. */
export async function sendReply(response: ServerResponse, reply: Reply): Promise<void> {
  const { body } = reply;
  if (body instanceof Uint8Array) {
    const length = { 'content-length': String(body.length) };
    // RFC 9110, 8.6: an answer without content has no length.
    sendHead(response, reply, reply.status === 204 ? {} : length);
    response.end(response.req.method === 'HEAD' ? undefined : body);
    return;
  }
  const pieces = body[Symbol.asyncIterator]();
  let next = pieces.next();
  // What fails at once is still answered as an error; what has nothing yet begins without it.
  await Promise.race([next, sleep(FIRST_PIECE_MS)]);
  sendHead(response, reply);
  response.flushHeaders();
  for (let piece = await next; !piece.done; piece = await next) {
    if (response.destroyed) {
      await pieces.return?.();
      return;
    }
    if (!response.write(piece.value)) await writable(response);
    next = pieces.next();
  }
  response.end();
}

const FIRST_PIECE_MS = 100;

/** Resolves when a response takes more, or is closed. */
function writable(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
