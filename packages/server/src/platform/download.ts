import type { IncomingMessage } from 'node:http';
import { DownloadBrokenError, DownloadRefusedError } from './web-errors.ts';
import { fileNameOf } from './web-file-name.ts';
import { requestWeb, type SilenceTimer, type WebRequestOptions } from './web-request.ts';

/** How to fetch. */
export type DownloadOptions = Pick<WebRequestOptions, 'timeoutMs' | 'insecure' | 'signal'>;

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

/**
 * Asks for an http(s) URL, follows redirects, and resolves at the head of the answer. Rejects with
 * the errors of `web-errors.ts`, or the reason of the signal.
 */
export async function openDownload(url: string, options: DownloadOptions): Promise<Download> {
  const { response, url: at, timer } = await requestWeb(new URL(url), options);
  const { statusCode: status = 0, statusMessage = '', headers } = response;
  try {
    if (status !== 200) throw new DownloadRefusedError(status, statusMessage, at);
    const size = sizeOf(response);
    const fileName = fileNameOf(headers['content-disposition'], at);
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
    throw timer.whyBroken(error);
  } finally {
    timer.stop();
    response.destroy();
  }
}
