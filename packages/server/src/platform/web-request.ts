import {
  type ClientRequest,
  type Agent as HttpAgent,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as requestHttp,
} from 'node:http';
import { request as requestHttps } from 'node:https';
import { sharedLookup } from './shared-lookup.ts';
import {
  DownloadBrokenError,
  DownloadRefusedError,
  DownloadTimeoutError,
  MAX_REDIRECTS,
  RedirectsError,
  UnreachableError,
} from './web-errors.ts';

const REDIRECTS = [301, 302, 303, 307, 308];
/** Node's timers end a longer time at once, ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** How to ask a web server for something. */
export interface WebRequestOptions {
  /** How long the remote may be silent, before and during the body, ms. */
  readonly timeoutMs: number;
  /** Whatever its certificate says. */
  readonly insecure: boolean;
  /** Besides those that every request of ours has. */
  readonly headers?: OutgoingHttpHeaders;
  /** Who keeps the connections to this kind of URL; one a request unless told. */
  readonly agentFor?: (url: URL) => HttpAgent;
  readonly signal: AbortSignal;
}

/** The head of an answer; the body is to be read, or destroyed. */
export interface WebAnswer {
  readonly response: IncomingMessage;
  /** Whom the redirects led to. */
  readonly url: URL;
  /** To be started while the next bytes of the body are waited for. */
  readonly timer: SilenceTimer;
}

/**
 * Asks for an http(s) URL, follows redirects, and resolves at the head of the answer, whatever its
 * status. Rejects with the errors of `web-errors.ts`, or the reason of the signal.
 */
export async function requestWeb(url: URL, options: WebRequestOptions): Promise<WebAnswer> {
  let at = url;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const answer = await ask(at, options);
    const { statusCode: status = 0, headers } = answer.response;
    const { location } = headers;
    if (!REDIRECTS.includes(status) || location === undefined) return answer;
    answer.response.destroy();
    at = redirected(at, location, status);
  }
  throw new RedirectsError();
}

function redirected(from: URL, location: string, status: number): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (to?.protocol === 'http:' || to?.protocol === 'https:') return to;
  throw new DownloadRefusedError(status, 'Redirected to what is neither http nor https', from);
}

/** Ends a request whose remote is silent. */
export class SilenceTimer {
  readonly #request: ClientRequest;
  readonly #timeoutMs: number;
  #timer: NodeJS.Timeout | undefined;
  #error: DownloadTimeoutError | undefined;

  constructor(request: ClientRequest, timeoutMs: number) {
    this.#request = request;
    this.#timeoutMs = Math.min(timeoutMs, MAX_TIMER_MS);
  }

  /** Why a body broke off with this error: the silence that ended it, or that it ended too early. */
  whyBroken(error: unknown): Error {
    if (this.#error) return this.#error;
    if (error instanceof DownloadBrokenError) return error;
    return new DownloadBrokenError(undefined, { cause: error });
  }

  start(): void {
    this.stop();
    this.#timer = setTimeout(() => {
      this.#error = new DownloadTimeoutError(this.#timeoutMs);
      this.#request.destroy(this.#error);
    }, this.#timeoutMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

async function ask(url: URL, options: WebRequestOptions): Promise<WebAnswer> {
  const { agentFor } = options;
  try {
    return await send(url, options, agentFor?.(url) ?? false);
  } catch (error) {
    // The server closed a connection that had been kept, in the same moment.
    if (!(error instanceof KeptConnectionError)) throw error;
    return await send(url, options, false);
  }
}

/** A connection of before was no longer one. */
class KeptConnectionError extends Error {}

function send(
  url: URL,
  { timeoutMs, insecure, headers, signal }: WebRequestOptions,
  agent: HttpAgent | false,
): Promise<WebAnswer> {
  const open = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    // Bytes as they are: a packed body would be another image.
    const ours = { 'accept-encoding': 'identity', 'user-agent': 'crashcart', accept: '*/*' };
    const request = open(url, {
      ...{ headers: { ...ours, ...headers }, signal, agent, rejectUnauthorized: !insecure },
      lookup: sharedLookup,
    });
    const timer = new SilenceTimer(request, timeoutMs);
    timer.start();
    request.once('response', (response) => {
      timer.stop();
      // From here on the body tells of errors.
      response.on('error', () => undefined);
      resolve({ response, url, timer });
    });
    request.on('error', (error) => {
      timer.stop();
      if (error instanceof DownloadTimeoutError) reject(error);
      else if (request.reusedSocket) reject(new KeptConnectionError('', { cause: error }));
      else reject(new UnreachableError(url, error));
    });
    request.end();
  });
}
