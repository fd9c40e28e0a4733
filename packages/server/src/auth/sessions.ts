import { hash, randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';

/** What a list of sessions shows; it never holds a token. */
export interface SessionInfo {
  /** Names the session in `revoke`; not the token. */
  readonly id: string;
  readonly user: string;
  /** Where the login came from. */
  readonly address: string;
  /** Where it was used last. */
  readonly usedAddress: string;
  /** What the client called itself at the login: printable ASCII, at most 200 characters. */
  readonly agent: string;
  /** Wall clock, ms since 1970. */
  readonly startedAtMs: number;
  /** The same of its latest use. */
  readonly usedAtMs: number;
  /** Seconds left; undefined when it lasts until logout or is held by an open WebSocket. */
  readonly expiresInS: number | undefined;
  /** Open WebSockets. */
  readonly sockets: number;
  /** Answers under way that go on. */
  readonly streams: number;
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
  readonly agent: string;
  readonly startedAtMs: number;
  readonly lifetimeMs: number;
  readonly controller: AbortController;
  usedAddress: string;
  usedAtMs: number;
  deadlineMs: number;
  sockets: number;
  streams: number;
  timer: NodeJS.Timeout | undefined;
}

const TOKEN_BYTES = 32;
const MAX_TIMER_MS = 2 ** 31 - 1;
/** Longest name of a client that is kept, characters. */
const MAX_AGENT = 200;

/** Sessions by token. Only digests of tokens are kept, so that a lookup leaks nothing by its time. */
export class Sessions {
  readonly #options: SessionOptions;
  /** By digest, in the order of login. */
  readonly #entries = new Map<string, Entry>();

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /**
   * Starts a session of `expireS` seconds (0 = as long as allowed); returns its token, 64 hex.
   * `agent` is what the client calls itself.
   */
  start(user: string, expireS: number, address: string, agent = ''): string {
    const mine = [...this.#entries.values()].filter((entry) => entry.user === user);
    if (mine[0] && mine.length >= this.#options.maxPerUser) this.#end(mine[0], 'replaced');
    const token = randomBytes(TOKEN_BYTES).toString('hex');
    const digest = digestOf(token);
    const lifetimeMs = lifetime(
      Math.min(expireS || Infinity, this.#options.maxExpireS || Infinity),
    );
    const controller = new AbortController();
    // Each open socket and stream of the session listens.
    setMaxListeners(0, controller.signal);
    const nowMs = Date.now();
    const entry: Entry = {
      id: randomBytes(8).toString('hex'),
      ...{ user, digest, address, agent: cleanAgent(agent) },
      ...{ startedAtMs: nowMs, usedAtMs: nowMs, usedAddress: address },
      lifetimeMs,
      controller,
      ended: controller.signal,
      deadlineMs: this.#options.now() + lifetimeMs,
      sockets: 0,
      streams: 0,
      timer: undefined,
    };
    this.#entries.set(digest, entry);
    this.#arm(entry);
    return token;
  }

  /** The session of a token; undefined for an unknown or ended one. */
  find(token: string): Session | undefined {
    return this.#live(token);
  }

  /** The same for a session that is used now, from this address. */
  use(token: string, address: string): Session | undefined {
    const entry = this.#live(token);
    if (!entry) return undefined;
    entry.usedAtMs = Date.now();
    entry.usedAddress = address;
    return entry;
  }

  /** An open WebSocket is counted, and with `extend` holds the session, until the result is called. */
  hold(token: string): () => void {
    const entry = this.#live(token);
    if (!entry) return () => {};
    entry.sockets++;
    if (this.#options.extend) {
      entry.deadlineMs = Infinity;
      this.#arm(entry);
    }
    return once(() => {
      entry.sockets--;
      if (!this.#options.extend || entry.sockets > 0 || entry.ended.aborted) return;
      entry.deadlineMs = this.#options.now() + entry.lifetimeMs;
      this.#arm(entry);
    });
  }

  /** An answer that goes on is counted until the result is called. */
  stream(token: string): () => void {
    const entry = this.#live(token);
    if (!entry) return () => {};
    entry.streams++;
    return once(() => {
      entry.streams--;
    });
  }

  /** Ends all sessions of a user. */
  endUser(user: string, why: string): void {
    for (const entry of [...this.#entries.values()]) if (entry.user === user) this.#end(entry, why);
  }

  /** Ends one session; nothing where there is none of this id. */
  revoke(id: string): void {
    const entry = [...this.#entries.values()].find((one) => one.id === id);
    if (entry) this.#end(entry, 'revoked');
  }

  /** The name of a token's session in the list. */
  idOf(token: string): string | undefined {
    return this.#entries.get(digestOf(token))?.id;
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
      .map(({ id, user, address, usedAddress, agent, startedAtMs, usedAtMs, ...entry }) => {
        const { deadlineMs, sockets, streams } = entry;
        const expiresInS = Number.isFinite(deadlineMs) ? (deadlineMs - now) / 1000 : undefined;
        const use = { usedAddress, usedAtMs, sockets, streams };
        return { id, user, address, agent, startedAtMs, expiresInS, ...use };
      });
  }

  #live(token: string): Entry | undefined {
    const entry = this.#entries.get(digestOf(token));
    return entry && !this.#expire(entry) ? entry : undefined;
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

/** In ms; what no clock will live to see has no end. */
function lifetime(seconds: number): number {
  const ms = 1000 * seconds;
  return ms <= Number.MAX_SAFE_INTEGER ? ms : Infinity;
}

function digestOf(token: string): string {
  return hash('sha256', token);
}

/** A client may call itself anything: what is shown is short, printable, and no token. */
function cleanAgent(text: string): string {
  const printable = text.slice(0, 4 * MAX_AGENT).replace(/[^\x20-\x7e]/g, '?');
  return printable.replace(/[0-9a-f]{32,}/gi, '[hidden]').slice(0, MAX_AGENT);
}

function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    act();
  };
}
