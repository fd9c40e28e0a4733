import { DownloadRefusedError, RedirectsError } from '../../platform/web-errors.ts';
import { NoRangesError, WebFile, WebFileChangedError } from '../../platform/web-file.ts';
import { type BlockSource, SourceChangedError, SourceRefusedError } from './block-source.ts';

/** How long a web server may be silent, ms. */
const SILENT_MS = 10_000;
/** Answers of a server that has trouble, not with us: it may be tried again. */
const TROUBLE: readonly number[] = [408, 425, 429];

/** A file of a web server. Rejects as `BlockSource.read` does. */
export async function openWebSource(
  url: string,
  insecure: boolean,
  signal: AbortSignal,
): Promise<BlockSource> {
  const file = new WebFile(url, { timeoutMs: SILENT_MS, insecure });
  try {
    const { fileName, ...rest } = await file.facts(signal);
    const facts = { ...rest, fileName };
    return {
      facts: rest,
      fileName,
      read: (offset, length, reading) =>
        file.read(offset, length, facts, reading).catch((error) => {
          throw explained(error);
        }),
      close: () => file[Symbol.dispose](),
    };
  } catch (error) {
    file[Symbol.dispose]();
    throw explained(error);
  }
}

function explained(error: unknown): unknown {
  const cause = { cause: error };
  if (error instanceof WebFileChangedError) return new SourceChangedError(error.message, cause);
  if (error instanceof NoRangesError) return new SourceRefusedError(error.message, cause);
  if (error instanceof RedirectsError) return new SourceRefusedError(error.message, cause);
  if (error instanceof DownloadRefusedError) {
    const { status, message } = error;
    if (status >= 500 || TROUBLE.includes(status)) return error;
    return new SourceRefusedError(message, cause);
  }
  return error;
}
