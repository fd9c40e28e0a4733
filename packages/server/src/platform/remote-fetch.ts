import { type Agent, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeStream } from 'node:stream/web';

/** Answers of these have no body. */
const BODILESS: readonly number[] = [204, 205, 304];

/**
 * A `fetch` over the connections of an agent, so also over unix sockets. Bodies are texts, bytes or
 * streams; both ways they go as fast as the slower side. Redirects are not followed. An answer may
 * come before the body has been sent.
 */
export function fetchOver(agent: Agent): typeof fetch {
  return (input, init = {}) =>
    new Promise((resolve, reject) => {
      const url = new URL(input instanceof Request ? input.url : input);
      const { method = 'GET', body, signal } = init;
      const headers = Object.fromEntries(new Headers(init.headers));
      const open = url.protocol === 'https:' ? requestHttps : requestHttp;
      const request = open(url, { agent, method, headers, ...(signal ? { signal } : {}) });
      request.on('error', reject);
      request.once('response', (response) => resolve(responseOf(response)));
      if (body instanceof ReadableStream) {
        // How it fails is the request's to tell, or the answer's that came before.
        pipeline(Readable.fromWeb(body as NodeStream), request).catch(() => undefined);
      } else if (body instanceof URLSearchParams) {
        request.setHeader('content-type', 'application/x-www-form-urlencoded');
        request.end(body.toString());
      } else if (typeof body === 'string' || body instanceof Uint8Array) {
        request.setHeader('content-length', Buffer.byteLength(body));
        request.end(body);
      } else request.end();
    });
}

function responseOf(response: IncomingMessage): Response {
  const headers = new Headers();
  for (const [name, values] of Object.entries(response.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const status = response.statusCode ?? 502;
  const { statusMessage: statusText = '' } = response;
  if (!BODILESS.includes(status)) {
    const body = Readable.toWeb(response) as ReadableStream<Uint8Array>;
    return new Response(body, { status, statusText, headers });
  }
  response.resume();
  return new Response(undefined, { status, statusText, headers });
}
