import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** A request to a device. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Whether the certificate of an https peer is checked. */
  readonly verify: boolean;
  /** For all of it, ms. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Its answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** More than any of these devices says. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** Asks a device; redirects are not followed. Rejects when it does not answer in time, or too long. */
export function httpRequest(given: HttpRequest): Promise<HttpAnswer> {
  const { method, url, headers, body, verify, timeoutMs, signal } = given;
  const options = { method, agent: false as const, headers: { ...headers } };
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const request =
      url.protocol === 'https:'
        ? requestHttps(url, { ...options, rejectUnauthorized: verify })
        : requestHttp(url, options);
    const fail = (error: unknown) => {
      reject(error);
      request.destroy();
    };
    const aborted = () => fail(signal.reason);
    const late = new Error(`${url.host} did not answer within ${timeoutMs / 1000} s`);
    const timer = setTimeout(() => fail(late), timeoutMs);
    signal.addEventListener('abort', aborted, { once: true });
    request.once('close', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
    });
    request.on('error', fail);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > MAX_ANSWER_BYTES) fail(new Error('The answer is too long'));
      });
      response.on('error', fail);
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    if (body === undefined) request.end();
    else request.setHeader('content-length', Buffer.byteLength(body)).end(body);
  });
}
