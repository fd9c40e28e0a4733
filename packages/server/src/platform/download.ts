import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** So many times a remote may send us elsewhere. */
const MAX_REDIRECTS = 10;
const REDIRECTS = [301, 302, 303, 307, 308];
/** Node's timers end a longer time at once, ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** How to fetch. */
export interface DownloadOptions {
  /** How long the remote may be silent, before and during the body, ms. */
  readonly timeoutMs: number;
  /** Whatever its certificate says. */
  readonly insecure: boolean;
  readonly signal: AbortSignal;
}

/** Something that a web server has begun to send. */
export interface Download {
  /** From Content-Disposition, else the last part of the path; unchecked. */
  readonly fileName: string;
  /** Bytes, as the remote told. */
  readonly size: number;
  /** Exactly `size` bytes, once. Rejects with DownloadBrokenError, DownloadTimeoutError. */
  chunks(): AsyncGenerator<Uint8Array>;
  /** Lets go of the remote; twice is fine. */
  close(): void;
}

/** There is nobody at this address, or no way to talk to them. */
export class UnreachableError extends Error {
  readonly host: string;
  readonly port: number;
  /** In words. */
  readonly reason: string;

  constructor(url: URL, cause: unknown) {
    super('The remote cannot be reached', { cause });
    this.host = url.hostname;
    this.port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
    this.reason = reasonOf(cause);
  }
}

/** The remote answered, but not with what was asked for. */
export class DownloadRefusedError extends Error {
  readonly status: number;
  readonly reason: string;
  /** Without credentials. */
  readonly url: string;

  constructor(status: number, reason: string, url: URL) {
    super(`The remote answered ${status}`);
    this.status = status;
    this.reason = reason;
    this.url = withoutCredentials(url);
  }
}

/** The remote sends us round and round. */
export class RedirectsError extends Error {
  constructor() {
    super(`The remote redirects more than ${MAX_REDIRECTS} times`);
  }
}

/** The remote was silent for too long. */
export class DownloadTimeoutError extends Error {
  constructor(timeoutMs: number) {
    super(`The remote was silent for ${timeoutMs / 1000} s`);
  }
}

/** What came is not what was announced. */
export class DownloadBrokenError extends Error {
  readonly reason: string | undefined;

  constructor(reason?: string, options?: ErrorOptions) {
    super(reason ?? 'The body ended too early', options);
    this.reason = reason;
  }
}

/**
 * Asks for an http(s) URL, follows redirects, and resolves at the head of the answer. Rejects with
 * the errors above, or the reason of the signal.
 */
export async function openDownload(url: string, options: DownloadOptions): Promise<Download> {
  let at = new URL(url);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const { response, timer } = await ask(at, options);
    const { statusCode: status = 0, statusMessage = '', headers } = response;
    const { location } = headers;
    if (REDIRECTS.includes(status) && location !== undefined) {
      response.destroy();
      at = redirected(at, location, status);
      continue;
    }
    if (status !== 200) {
      response.destroy();
      throw new DownloadRefusedError(status, statusMessage, at);
    }
    try {
      const size = sizeOf(response);
      const fileName = fileNameIn(headers['content-disposition']) ?? lastPart(at);
      return {
        ...{ fileName, size },
        chunks: () => pieces(response, size, timer),
        close: () => response.destroy(),
      };
    } catch (error) {
      response.destroy();
      throw error;
    }
  }
  throw new RedirectsError();
}

function redirected(from: URL, location: string, status: number): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (to?.protocol === 'http:' || to?.protocol === 'https:') return to;
  throw new DownloadRefusedError(status, 'Redirected to what is neither http nor https', from);
}

/** Ends a request whose remote is silent. */
class SilenceTimer {
  readonly #request: ClientRequest;
  readonly #timeoutMs: number;
  #timer: NodeJS.Timeout | undefined;
  #error: DownloadTimeoutError | undefined;

  constructor(request: ClientRequest, timeoutMs: number) {
    this.#request = request;
    this.#timeoutMs = Math.min(timeoutMs, MAX_TIMER_MS);
  }

  /** Why it ended the request; undefined when it did not. */
  get error(): DownloadTimeoutError | undefined {
    return this.#error;
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

interface Answer {
  readonly response: IncomingMessage;
  readonly timer: SilenceTimer;
}

function ask(url: URL, { timeoutMs, insecure, signal }: DownloadOptions): Promise<Answer> {
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    // Bytes as they are: a packed body would be another image.
    const headers = { 'accept-encoding': 'identity', 'user-agent': 'crashcart', accept: '*/*' };
    const options = { headers, signal, agent: false as const, rejectUnauthorized: !insecure };
    const request = send(url, options);
    const timer = new SilenceTimer(request, timeoutMs);
    timer.start();
    request.once('response', (response) => {
      timer.stop();
      // From here on the body tells of errors.
      response.on('error', () => undefined);
      resolve({ response, timer });
    });
    request.on('error', (error) => {
      timer.stop();
      reject(error instanceof DownloadTimeoutError ? error : new UnreachableError(url, error));
    });
    request.end();
  });
}

function sizeOf({ headers }: IncomingMessage): number {
  const packed = headers['content-encoding'];
  if (packed !== undefined && packed !== 'identity') {
    throw new DownloadBrokenError(`The remote packs the image (${packed})`);
  }
  const length = headers['content-length'];
  if (length === undefined) {
    throw new DownloadBrokenError('The remote does not tell the size (no Content-Length)');
  }
  return Number(length);
}

async function* pieces(
  response: IncomingMessage,
  size: number,
  timer: SilenceTimer,
): AsyncGenerator<Uint8Array> {
  let got = 0;
  try {
    timer.start();
    for await (const piece of response as AsyncIterable<Uint8Array>) {
      timer.stop();
      got += piece.length;
      yield piece;
      timer.start();
    }
    if (got !== size) throw new DownloadBrokenError();
  } catch (error) {
    if (timer.error) throw timer.error;
    if (error instanceof DownloadBrokenError) throw error;
    throw new DownloadBrokenError(undefined, { cause: error });
  } finally {
    timer.stop();
    response.destroy();
  }
}

/** The name in Content-Disposition (RFC 6266); undefined when there is none. */
function fileNameIn(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const extended = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(header)?.[1];
  if (extended !== undefined) return base(decoded(extended));
  const plain = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(header);
  const name = plain?.[1]?.replaceAll(/\\(.)/g, '$1') ?? plain?.[2];
  // Header bytes come as latin1, whatever they were.
  return name === undefined ? undefined : base(Buffer.from(name, 'latin1').toString('utf8'));
}

function lastPart(url: URL): string {
  return base(decoded(url.pathname));
}

function base(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function withoutCredentials(url: URL): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, address, port } = error as NodeJS.ErrnoException & {
    address?: string;
    port?: number;
  };
  if (code === 'ECONNREFUSED' && address !== undefined) {
    return `Connect call failed ('${address}', ${port}${address.includes(':') ? ', 0, 0' : ''})`;
  }
  // Several addresses were tried: what happened to the first of them.
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  return error.message;
}
