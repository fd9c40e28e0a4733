import { createHmac, randomBytes } from 'node:crypto';

const LIFETIME_MS = 60_000;
const MAX_ENTRIES = 256;

/**
 * Credentials that were right a moment ago, so that a tool that sends them with each request pays
 * for the slow hash once a minute. Kept as HMACs under a key that never leaves this process.
 */
export class Remember {
  readonly #now: () => number;
  readonly #key = randomBytes(32);
  readonly #until = new Map<string, number>();
  #version: unknown;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#until.size;
  }

  /** The keyed hash of a user and password. */
  keyOf(user: string, passwd: string): string {
    return createHmac('sha256', this.#key).update(`${user}\n${passwd}`).digest('base64');
  }

  /** Whether these were right at most 60 s ago, with the same `version` of the password file. */
  has(key: string, version: unknown): boolean {
    if (version !== this.#version) this.#until.clear();
    const until = this.#until.get(key);
    return until !== undefined && until > this.#now();
  }

  /** Remembers right ones. */
  add(key: string, version: unknown): void {
    if (version !== this.#version) this.#until.clear();
    this.#version = version;
    this.#until.delete(key);
    this.#until.set(key, this.#now() + LIFETIME_MS);
    if (this.#until.size <= MAX_ENTRIES) return;
    const [oldest] = this.#until.keys();
    if (oldest !== undefined) this.#until.delete(oldest);
  }
}
