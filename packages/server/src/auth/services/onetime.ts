import { randomInt, timingSafeEqual } from 'node:crypto';
import { KvmError } from '@crashcart/api';
import type { Log } from '../../core/log.ts';
import { writeFileAtomic } from '../../platform/files.ts';
import type { AuthService } from './service.ts';

/** Nobody confuses these, also read aloud: 24 characters. */
const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZ';

/** How the one-time password is made and where it is shown. */
export interface OnetimeOptions {
  readonly user: string;
  /** Characters. */
  readonly length: number;
  /** `{"user", "passwd"}` as JSON. */
  readonly file: string;
  readonly fileMode: number;
  /** Another password after each right one. */
  readonly changeAfterLogin: boolean;
  readonly log: Log;
}

/** One user whose random password lies in a file, for a display on the device. */
export class OnetimeService implements AuthService {
  readonly #options: OnetimeOptions;
  #current: { readonly passwd: string };
  #written: Promise<void>;

  constructor(options: OnetimeOptions) {
    this.#options = options;
    this.#current = { passwd: generate(options.length) };
    this.#written = this.#write(Promise.resolve());
  }

  /** Another object for each password. */
  async version(): Promise<object> {
    return this.#current;
  }

  /** UnavailableError while the password cannot be shown to anybody. */
  async verify(user: string, passwd: string): Promise<boolean> {
    await this.#shown();
    const { passwd: right } = this.#current;
    const given = Buffer.from(passwd.padEnd(right.length).slice(0, right.length));
    const same = timingSafeEqual(given, Buffer.from(right)) && passwd.length === right.length;
    if (!same || user !== this.#options.user) return false;
    if (this.#options.changeAfterLogin) {
      // Before anything is awaited: the same password twice at once is right once.
      this.#current = { passwd: generate(this.#options.length) };
      this.#written = this.#write(this.#written);
    }
    return true;
  }

  async #shown(): Promise<void> {
    try {
      await this.#written;
    } catch (cause) {
      const { file, log } = this.#options;
      log.error({ file, error: String(cause) }, 'Cannot write the one-time password');
      this.#written = this.#write(this.#written);
      throw new KvmError('UnavailableError', undefined, { cause });
    }
  }

  /** One after the other, so that the last one stays. */
  #write(previous: Promise<void>): Promise<void> {
    const { user, file, fileMode } = this.#options;
    const text = `${JSON.stringify({ user, passwd: this.#current.passwd })}\n`;
    const written = previous
      .catch(() => undefined)
      .then(() => writeFileAtomic(file, text, { mode: fileMode }));
    written.catch(() => undefined);
    return written;
  }
}

function generate(length: number): string {
  return Array.from({ length }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
}
