import { KvmError } from '@crashcart/api';
import type { OpenRemoteImage } from '../core/image-store.ts';
import { openDownload } from '../platform/download.ts';
import {
  DownloadBrokenError,
  DownloadRefusedError,
  DownloadTimeoutError,
  RedirectsError,
  UnreachableError,
} from '../platform/web-errors.ts';

/** Asks a web server for an image; its failures have the names and texts of PiKVM's. */
export const openRemoteImage: OpenRemoteImage = async (url, options) => {
  try {
    const download = await openDownload(url, options);
    return {
      fileName: download.fileName,
      size: download.size,
      close: () => download.close(),
      async *chunks() {
        try {
          yield* download.chunks();
        } catch (error) {
          throw named(error, options.signal);
        }
      },
    };
  } catch (error) {
    throw named(error, options.signal);
  }
};

/** What failed, by PiKVM's name for it; the reason of the signal when that has aborted. */
export function named(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  const cause = { cause: error };
  if (error instanceof UnreachableError) {
    const { host, port, reason } = error;
    const text = `Cannot connect to host ${host}:${port} ssl:default [${reason}]`;
    return new KvmError('ClientConnectorError', text, cause);
  }
  if (error instanceof DownloadRefusedError) {
    const { status, reason, url } = error;
    const text = `${status}, message='${reason}', url=URL('${url}')`;
    return new KvmError('ClientResponseError', text, cause);
  }
  if (error instanceof DownloadTimeoutError) {
    return new KvmError('ServerTimeoutError', error.message, cause);
  }
  if (error instanceof RedirectsError)
    return new KvmError('TooManyRedirects', error.message, cause);
  if (error instanceof DownloadBrokenError) {
    return new KvmError('ClientPayloadError', error.reason, cause);
  }
  return error;
}
