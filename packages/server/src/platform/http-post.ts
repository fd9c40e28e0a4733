import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { sharedLookup } from './shared-lookup.ts';

/** One request. */
export interface JsonPost {
  /** http: or https:. */
  readonly url: string;
  readonly body: object;
  readonly headers: Readonly<Record<string, string>>;
  /** False: any certificate will do. */
  readonly verify: boolean;
  readonly signal: AbortSignal;
}

/**
 * The status of the answer to a POST of JSON on a connection of its own; the answer's body is not
 * waited for. Redirects are not followed. Rejects when none comes.
 */
export function postJson({ url, body, headers, verify, signal }: JsonPost): Promise<number> {
  const text = JSON.stringify(body);
  const target = new URL(url);
  const options = {
    method: 'POST',
    agent: false as const,
    signal,
    lookup: sharedLookup,
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      'user-agent': 'crashcart',
      ...headers,
    },
  };
  return new Promise((resolve, reject) => {
    const sent =
      target.protocol === 'https:'
        ? requestTls(target, { ...options, rejectUnauthorized: verify })
        : requestPlain(target, options);
    sent.on('error', reject);
    sent.on('response', (answer) => {
      answer.destroy();
      resolve(answer.statusCode ?? 0);
    });
    sent.end(text);
  });
}
