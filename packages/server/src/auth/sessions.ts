import { hash, randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';

/** What a list of sessions shows; it never holds a token. */
export interface SessionInfo {
  /** Names the session in `revoke`; not the token. */
  readonly id: string;
  readonly user: string;
  readonly address: string;
  /** Wall clock, ms since 1970. */
  readonly startedAtMs: number;
  /** Seconds left; undefined when it lasts until logout or is held by an open WebSocket. */
  readonly expiresInS: number | undefined;
}

/** A session that has not ended. */
export interface Session {
  readonly user: string;
  /** Aborted once, at expiry, logout or revocation. */
  readonly ended: AbortSignal;
}

/** How sessions live. */
export interface SessionOptions {
  /** Longest lifetime in s; 0 = no limit. */
  readonly maxExpireS: number;
  /** Whether an open WebSocket keeps its session alive. */
  readonly extend: boolean;
  /** A further login of the same user ends the oldest one. */
  readonly maxPerUser: number;
  /** Monotonic ms: a jump of the wall clock neither ends nor revives a session. */
  readonly now: () => number;
}

interface Entry extends Session {
  readonly id: string;
  readonly digest: string;
  readonly address: string;
  readonly startedAtMs: number;
  readonly lifetimeMs: number;
  readonly controller: AbortController;
  deadlineMs: number;
  holders: number;
  timer: NodeJS.Timeout | undefined;
}

const TOKEN_BYTES = 32;
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Sessions by token. Only digests of tokens are kept, so that a lookup leaks nothing by its time. */
export class Sessions {
  readonly #options: SessionOptions;
  /** By digest, in the order of login. */
  readonly #entries = new Map<string, Entry>();

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Starts a session of `expireS` seconds (0 = as long as allowed); returns its token, 64 hex. */
  start(user: string, expireS: number, address: string): string {
    const mine = [...this.#entries.values()].filter((entry) => entry.user === user);
    if (mine[0] && mine.length >= this.#options.maxPerUser) this.#end(mine[0], 'replaced');
    const token = randomBytes(TOKEN_BYTES).toString('hex');
    const digest = digestOf(token);
    const lifetimeMs = 1000 * Math.min(expireS || Infinity, this.#options.maxExpireS || Infinity);
    const controller = new AbortController();
    // Each open socket and stream of the session listens.
    setMaxListeners(0, controller.signal);
    const entry: Entry = {
      id: randomBytes(8).toString('hex'),
      user,
      digest,
      address,
      startedAtMs: Date.now(),
      lifetimeMs,
      controller,
      ended: controller.signal,
      deadlineMs: this.#options.now() + lifetimeMs,
      holders: 0,
      timer: undefined,
    };
    this.#entries.set(digest, entry);
    this.#arm(entry);
    return token;
  }

  /** The session of a token; undefined for an unknown or ended one. */
  find(token: string): Session | undefined {
    const entry = this.#entries.get(digestOf(token));
    return entry && !this.#expire(entry) ? entry : undefined;
  }

  /** An open WebSocket holds the session until the returned function is called. */
  hold(token: string): () => void {
    const entry = this.#entries.get(digestOf(token));
    if (!entry || !this.#options.extend) return () => {};
    entry.holders++;
    entry.deadlineMs = Infinity;
    this.#arm(entry);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      if (--entry.holders > 0 || entry.ended.aborted) return;
      entry.deadlineMs = this.#options.now() + entry.lifetimeMs;
      this.#arm(entry);
    };
  }

  /** Ends all sessions of a user. */
  endUser(user: string, why: string): void {
    for (const entry of [...this.#entries.values()]) if (entry.user === user) this.#end(entry, why);
  }

  /** Ends one session; false when there is none of this id. */
  revoke(id: string): boolean {
    const entry = [...this.#entries.values()].find((one) => one.id === id);
    if (entry) this.#end(entry, 'revoked');
    return entry !== undefined;
  }

  /** Ends them all. */
  close(): void {
    for (const entry of [...this.#entries.values()]) this.#end(entry, 'closed');
  }

  /** All sessions, oldest first. */
  list(): readonly SessionInfo[] {
    const now = this.#options.now();
    return [...this.#entries.values()]
      .filter((entry) => !this.#expire(entry))
      .map(({ id, user, address, startedAtMs, deadlineMs }) => {
        const expiresInS = Number.isFinite(deadlineMs) ? (deadlineMs - now) / 1000 : undefined;
        return { id, user, address, startedAtMs, expiresInS };
      });
  }

  /** True when the session is over; ends it then. */
  #expire(entry: Entry): boolean {
    if (entry.deadlineMs > this.#options.now()) return false;
    this.#end(entry, 'expired');
    return true;
  }

  #end(entry: Entry, why: string): void {
    clearTimeout(entry.timer);
    this.#entries.delete(entry.digest);
    entry.controller.abort(new Error(`The session has ended: ${why}`));
  }

  #arm(entry: Entry): void {
    clearTimeout(entry.timer);
    const leftMs = entry.deadlineMs - this.#options.now();
    if (!Number.isFinite(leftMs)) return;
    const waitMs = Math.min(MAX_TIMER_MS, Math.ceil(Math.max(0, leftMs)));
    entry.timer = setTimeout(() => this.#expire(entry) || this.#arm(entry), waitMs).unref();
  }
}

function digestOf(token: string): string {
  return hash('sha256', token);
}
