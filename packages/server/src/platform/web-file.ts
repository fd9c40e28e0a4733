import { Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { DownloadBrokenError, DownloadRefusedError } from './web-errors.ts';
import { fileNameOf } from './web-file-name.ts';
import { requestWeb, type WebAnswer } from './web-request.ts';

/** Connections to one server at once. */
const MAX_CONNECTIONS = 4;

/** What a web server tells of a file; texts are empty where it does not. */
export interface WebFileFacts {
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
  readonly lastModified: string;
  /** From Content-Disposition or the path; unchecked. */
  readonly fileName: string;
}

/** The file is no longer the one that it was. */
export class WebFileChangedError extends Error {
  constructor(what: string) {
    super(`The file has changed on its server (${what})`);
  }
}

/** The server cannot give parts of the file, or cannot tell whether it is still the same. */
export class NoRangesError extends Error {}

/** A file on a web server, of which parts are read; it must stay the same all the time. */
export class WebFile implements Disposable {
  readonly #url: URL;
  readonly #timeoutMs: number;
  readonly #insecure: boolean;
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: MAX_CONNECTIONS });
  readonly #https = new HttpsAgent({ keepAlive: true, maxSockets: MAX_CONNECTIONS });

  /** `timeoutMs`: how long the server may be silent; `insecure`: whatever its certificate says. */
  constructor(url: string, options: { readonly timeoutMs: number; readonly insecure: boolean }) {
    this.#url = new URL(url);
    this.#timeoutMs = options.timeoutMs;
    this.#insecure = options.insecure;
  }

  /**
   * Asks what there is, by its first byte. Rejects with NoRangesError, and the errors of
   * `web-errors.ts`.
   */
  async facts(signal: AbortSignal): Promise<WebFileFacts> {
    const answer = await this.#ask({ range: 'bytes=0-0' }, signal);
    const { response, url } = answer;
    try {
      const { statusCode: status = 0, statusMessage = '', headers } = response;
      if (status === 200 || status === 416) {
        throw new NoRangesError(
          'The server cannot give parts of the file (no Range), or it is empty',
        );
      }
      if (status !== 206) throw new DownloadRefusedError(status, statusMessage, url);
      const { etag = '', 'last-modified': lastModified = '' } = headers;
      if (etag === '' && lastModified === '') {
        throw new NoRangesError(
          'The server tells neither ETag nor Last-Modified: a change of the file would not be seen',
        );
      }
      const size = checkedRange(response, 0, 1);
      await bodyOf(answer, 1);
      return {
        size,
        etag,
        lastModified,
        fileName: fileNameOf(headers['content-disposition'], url),
      };
    } finally {
      response.destroy();
    }
  }

  /**
   * Exactly these bytes. Rejects with WebFileChangedError when they are of another file than `facts`
   * are of, and with the errors of `web-errors.ts`.
   */
  async read(
    offset: number,
    length: number,
    facts: WebFileFacts,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const range = `bytes=${offset}-${offset + length - 1}`;
    const answer = await this.#ask({ range, ...conditionOf(facts) }, signal);
    const { response, url } = answer;
    const { statusCode: status = 0, statusMessage = '', headers } = response;
    try {
      if (status === 200 || status === 416) {
        checkSame(facts, headers);
        throw new WebFileChangedError(status === 200 ? 'it comes whole' : 'it is shorter');
      }
      if (status !== 206) throw new DownloadRefusedError(status, statusMessage, url);
      checkSame(facts, headers);
      const size = checkedRange(response, offset, length);
      if (size !== facts.size) throw new WebFileChangedError(`it has ${size} bytes`);
      return await bodyOf(answer, length);
    } catch (error) {
      response.destroy();
      throw error;
    }
  }

  /** Lets go of the server. */
  [Symbol.dispose](): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  #ask(headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<WebAnswer> {
    return requestWeb(this.#url, {
      ...{ headers, signal, timeoutMs: this.#timeoutMs, insecure: this.#insecure },
      agentFor: ({ protocol }) => (protocol === 'https:' ? this.#https : this.#http),
    });
  }
}

/** Only a strong ETag may be a condition of a range (RFC 9110, 13.1.5). */
function conditionOf({ etag, lastModified }: WebFileFacts): Readonly<Record<string, string>> {
  if (etag.startsWith('"')) return { 'if-range': etag };
  return lastModified === '' ? {} : { 'if-range': lastModified };
}

function checkSame(facts: WebFileFacts, headers: IncomingMessage['headers']): void {
  const { etag = '', 'last-modified': lastModified = '' } = headers;
  if (etag !== facts.etag) throw new WebFileChangedError('another ETag');
  if (lastModified !== facts.lastModified) throw new WebFileChangedError('another Last-Modified');
}

/** The size of the whole, in bytes; throws when the answer has other bytes than were asked for. */
function checkedRange({ headers }: IncomingMessage, offset: number, length: number): number {
  const packed = headers['content-encoding'];
  if (packed !== undefined && packed !== 'identity') {
    throw new DownloadBrokenError(`The server packs the file (${packed})`);
  }
  const [, first, last, size] =
    /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  if (Number(first) !== offset || Number(last) !== offset + length - 1) {
    throw new DownloadBrokenError('The server gives another part of the file than was asked for');
  }
  return Number(size);
}

async function bodyOf({ response, timer }: WebAnswer, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let got = 0;
  try {
    timer.start();
    for await (const piece of response as AsyncIterable<Uint8Array>) {
      timer.start();
      if (got + piece.length > length) throw new DownloadBrokenError('There came more than asked');
      bytes.set(piece, got);
      got += piece.length;
    }
    if (got !== length) throw new DownloadBrokenError();
    return bytes;
  } catch (error) {
    throw timer.whyBroken(error);
  } finally {
    timer.stop();
  }
}
