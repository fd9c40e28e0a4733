import { createHmac, randomBytes } from 'node:crypto';
import { KvmError } from '@crashcart/api';
import type { Log } from '../../core/log.ts';
import type { Unsubscribe } from '../../core/state.ts';
import { CachedFile } from '../../platform/cached-file.ts';
import type { PasswordHash } from '../hashes/hash.ts';
import type { HashPool } from '../hashes/hash-pool.ts';
import { newSsha512 } from '../hashes/ssha.ts';
import { type HtpasswdContent, parseHtpasswd } from './htpasswd-file.ts';
import type { AuthService, UsersListener } from './service.ts';

/** Passwords in an htpasswd file, which may change at any time. */
export class HtpasswdService implements AuthService {
  readonly #file: CachedFile<HtpasswdContent>;
  readonly #pool: HashPool;
  readonly #log: Log;
  readonly #listeners = new Set<UsersListener>();
  readonly #nobody: PasswordHash = { text: newSsha512('nobody'), slow: false };
  readonly #decoyKey = randomBytes(32);
  #current: HtpasswdContent | undefined;
  #trouble: string | undefined;

  constructor(path: string, pool: HashPool, log: Log) {
    this.#file = new CachedFile(path, (text) => this.#parse(text));
    this.#pool = pool;
    this.#log = log;
  }

  /** What the file says now; another object once it says something else. UnavailableError. */
  async version(): Promise<HtpasswdContent> {
    let content: HtpasswdContent;
    try {
      content = await this.#file.read();
    } catch (cause) {
      // Once per trouble: the file is looked at every few seconds.
      if (this.#trouble !== String(cause)) {
        this.#trouble = String(cause);
        this.#log.error(
          { file: this.#file.path, error: this.#trouble },
          'Cannot read the passwords',
        );
      }
      throw new KvmError('UnavailableError', undefined, { cause });
    }
    this.#trouble = undefined;
    const previous = this.#current;
    this.#current = content;
    if (previous && previous !== content) this.#tell(previous, content);
    return content;
  }

  /**
   * Whether this is the user's password. An unknown user costs the same: the password is held
   * against some user's hash, and the outcome dropped.
   */
  async verify(user: string, passwd: string): Promise<boolean> {
    const { users } = await this.version();
    const known = users.get(user);
    const matches = await this.#pool.verify(passwd, known ?? this.#decoy(user, users));
    if (!matches || !known || passwd === '') return false;
    // A change while it was hashed must not be outrun: nobody would end the login later.
    return (await this.version()).users.get(user)?.text === known.text;
  }

  /** Calls `listener` when `version` finds that users changed or went. */
  onChange(listener: UsersListener): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends what is being hashed. */
  close(): void {
    void this.#pool.close();
  }

  /** Always the same one for a name, and as often of each scheme as real users have it. */
  #decoy(user: string, users: HtpasswdContent['users']): PasswordHash {
    const digest = createHmac('sha256', this.#decoyKey).update(user).digest();
    const hashes = [...users.values()];
    return hashes[digest.readUInt32BE(0) % hashes.length] ?? this.#nobody;
  }

  #parse(text: string | undefined): HtpasswdContent {
    const file = this.#file.path;
    if (text === undefined) {
      this.#log.warn({ file }, 'There is no password file: nobody can log in');
    }
    const content = parseHtpasswd(text ?? '');
    for (const { line, problem } of content.problems) {
      this.#log.warn({ file, line }, `Ignored line ${line} of ${file}: ${problem}`);
    }
    return content;
  }

  #tell(previous: HtpasswdContent, content: HtpasswdContent): void {
    const changed = new Set<string>();
    for (const [user, hash] of previous.users) {
      if (content.users.get(user)?.text !== hash.text) changed.add(user);
    }
    if (changed.size === 0) return;
    for (const listener of [...this.#listeners]) listener(changed);
  }
}
