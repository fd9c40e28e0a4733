import { postJson } from '../../platform/http-post.ts';
import type { AskBackEnd } from './remote.ts';

/** Keys as PiKVM's. */
export interface HttpServiceOptions {
  readonly url: string;
  /** Whether the server's certificate is checked. */
  readonly verify: boolean;
  /** Goes into each request. */
  readonly secret: string;
  /** Basic authentication when the user is not empty. */
  readonly user: string;
  readonly passwd: string;
}

/** Timeout, too many requests: the server has not looked at the password. */
const NOT_DECIDED = [408, 429];

/**
 * Asks a web server in PiKVM's form: POST of `{user, passwd, secret}` as JSON with X-KVMD-User. 200
 * is yes and any other 4xx is no; all else, redirects too, is no answer.
 */
export function askHttp(options: HttpServiceOptions): AskBackEnd {
  const { url, verify, secret } = options;
  const authorization: Readonly<Record<string, string>> =
    options.user === ''
      ? {}
      : {
          authorization: `Basic ${Buffer.from(`${options.user}:${options.passwd}`).toString('base64')}`,
        };
  return async (user, passwd, signal) => {
    const status = await postJson({
      url,
      body: { user, passwd, secret },
      headers: { 'x-kvmd-user': user, ...authorization },
      verify,
      signal,
    });
    if (status === 200) return true;
    if (status >= 400 && status < 500 && !NOT_DECIDED.includes(status)) return false;
    throw new Error(`${new URL(url).origin} answers ${status}, which is neither yes nor no`);
  };
}
