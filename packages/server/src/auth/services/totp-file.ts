import { KvmError } from '@crashcart/api';
import type { Log } from '../../core/log.ts';
import { CachedFile } from '../../platform/cached-file.ts';
import { decodeBase32 } from '../totp.ts';

type Content = { readonly secret: Uint8Array | undefined } | 'damaged';

/** The second factor's secret in a file; an empty or missing one switches the factor off. */
export class TotpFile {
  readonly #file: CachedFile<Content> | undefined;
  readonly #log: Log;

  /** The empty path switches the factor off for good. */
  constructor(path: string, log: Log) {
    this.#file = path === '' ? undefined : new CachedFile(path, parse);
    this.#log = log;
  }

  /** The secret, or undefined when the factor is off; UnavailableError when it cannot be told. */
  async secret(): Promise<Uint8Array | undefined> {
    if (!this.#file) return undefined;
    const file = this.#file.path;
    try {
      const content = await this.#file.read();
      if (content !== 'damaged') return content.secret;
    } catch (cause) {
      this.#log.error(
        { file, error: String(cause) },
        'Cannot read the secret of the second factor',
      );
      throw new KvmError('UnavailableError', undefined, { cause });
    }
    this.#log.error({ file }, `${file} is no base32 secret: nobody can log in by password`);
    throw new KvmError('UnavailableError');
  }
}

function parse(text: string | undefined): Content {
  if (text === undefined || text.trim() === '') return { secret: undefined };
  const secret = decodeBase32(text);
  return secret ? { secret } : 'damaged';
}
