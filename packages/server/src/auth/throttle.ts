import { KvmError } from '@crashcart/api';

/** Too many wrong passwords; the answer is 403 with Retry-After. */
export class ThrottledError extends KvmError {
  /** Whole seconds until the next attempt is looked at, at least 1. */
  readonly retryAfterS: number;

  constructor(retryAfterS: number) {
    super('ForbiddenError');
    this.retryAfterS = retryAfterS;
  }
}

/** One attempt under way; exactly one of its methods is called. */
export interface Attempt {
  succeeded(): void;
  failed(): void;
  /** It could not be decided (the service was not available). */
  cancelled(): void;
}

interface Tally {
  failures: number;
  underWay: number;
  blockedUntilMs: number;
  lastMs: number;
}

const FREE_FAILURES = 5;
const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 60_000;
const FORGET_MS = 15 * 60_000;

/**
 * Counts wrong passwords in a row per user and address. After 5 the next attempt is refused unseen
 * for 1 s, then 2, 4 … 60 s after each further wrong one. Attempts under way count as wrong ones
 * until they are decided, so that many at once gain nothing. Bounded: the least recent are forgotten.
 */
export class Throttle {
  readonly #now: () => number;
  readonly #maxRecords: number;
  readonly #records = new Map<string, Tally>();

  constructor(now: () => number, maxRecords = 10_000) {
    this.#now = now;
    this.#maxRecords = maxRecords;
  }

  /** How many pairs of user and address are remembered. */
  get size(): number {
    return this.#records.size;
  }

  /** Throws ThrottledError while this user is refused from this address. */
  check(user: string, address: string): void {
    const record = this.#records.get(keyOf(user, address));
    if (!record) return;
    const waitMs = record.blockedUntilMs - this.#now();
    if (waitMs > 0) throw new ThrottledError(Math.ceil(waitMs / 1000));
  }

  /** Claims an attempt; throws ThrottledError when none is free now. */
  begin(user: string, address: string): Attempt {
    this.check(user, address);
    const key = keyOf(user, address);
    const record = this.#touch(key);
    const free = Math.max(1, FREE_FAILURES - record.failures);
    if (record.underWay >= free) throw new ThrottledError(1);
    record.underWay++;
    return {
      succeeded: () => {
        record.underWay--;
        record.failures = 0;
        record.blockedUntilMs = 0;
        if (record.underWay === 0) this.#records.delete(key);
      },
      failed: () => {
        record.underWay--;
        record.failures++;
        const doublings = record.failures - FREE_FAILURES;
        if (doublings < 0) return;
        const delayMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(doublings, 10));
        record.blockedUntilMs = this.#now() + delayMs;
      },
      cancelled: () => {
        record.underWay--;
      },
    };
  }

  /** The record of a key, now the most recent one. */
  #touch(key: string): Tally {
    const now = this.#now();
    let record = this.#records.get(key);
    if (!record || (record.underWay === 0 && now - record.lastMs > FORGET_MS)) {
      record = { failures: 0, underWay: 0, blockedUntilMs: 0, lastMs: now };
    }
    record.lastMs = now;
    this.#records.delete(key);
    this.#records.set(key, record);
    if (this.#records.size > this.#maxRecords) {
      const [oldest] = this.#records.keys();
      if (oldest !== undefined) this.#records.delete(oldest);
    }
    return record;
  }
}

function keyOf(user: string, address: string): string {
  return `${user}\n${address}`;
}
