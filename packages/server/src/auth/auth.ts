import { setMaxListeners } from 'node:events';
import { performance } from 'node:perf_hooks';
import { authToken, KvmError, type Permission, passwd, userName } from '@crashcart/api';
import type { Log } from '../core/log.ts';
import { parseBasic } from './basic.ts';
import { HashPool } from './hashes/hash-pool.ts';
import { may } from './policy.ts';
import { Remember } from './remember.ts';
import { HtpasswdService, type UsersListener } from './services/htpasswd.ts';
import { TotpFile } from './services/totp-file.ts';
import { type SessionInfo, Sessions } from './sessions.ts';
import { Throttle } from './throttle.ts';
import { isTotpCode, TOTP_DIGITS } from './totp.ts';

export { ThrottledError } from './throttle.ts';

/** What a request shows of its sender; an absent or empty field is not there. */
export interface Credentials {
  /** X-KVMD-User. */
  readonly xUser?: string;
  /** X-KVMD-Passwd. */
  readonly xPasswd?: string;
  /** The cookie auth_token. */
  readonly token?: string;
  readonly authorization?: string;
  /** Who is at the other end of a unix socket. */
  readonly peer?: { readonly uid: number; readonly gid: number };
  /** The real client, behind a trusted proxy too; only failures are counted by it. */
  readonly address: string;
}

/** Who a request is from. */
export interface Identity {
  readonly user: string;
  readonly via: 'token' | 'header' | 'basic' | 'peer' | 'open';
  readonly token?: string;
  /** Aborted when the login behind it ends: long answers and sockets end with it. */
  readonly ended: AbortSignal;
}

/** How `Auth` works. Times are in s. */
export interface AuthOptions {
  /** False: everybody may do everything. */
  readonly enabled: boolean;
  readonly htpasswdFile: string;
  /** Secret of the second factor; '' = none. */
  readonly totpFile: string;
  /** Longest session, 0 = no limit. */
  readonly maxExpireS: number;
  /** An open WebSocket keeps its session alive. */
  readonly extend: boolean;
  /** Users of the system who need no password on the unix socket. */
  readonly peerUids: ReadonlySet<number>;
  readonly log: Log;
  readonly maxSessionsPerUser?: number;
  /** Told with users whose password changed or who are gone. */
  readonly onUsersChanged?: UsersListener;
  /** Seams for tests. */
  readonly pool?: HashPool;
  readonly now?: () => number;
}

const DEFAULT_MAX_SESSIONS = 100;
const WATCH_MS = 2000;

/** Who may: the one place that turns credentials into an identity. */
export class Auth {
  readonly enabled: boolean;
  readonly #options: AuthOptions;
  readonly #pool: HashPool;
  readonly #users: HtpasswdService;
  readonly #totp: TotpFile;
  readonly #sessions: Sessions;
  readonly #throttle: Throttle;
  readonly #remember: Remember;
  /** Same credentials at the same time are verified once. */
  readonly #underWay = new Map<string, Promise<void>>();
  /** For identities without a session: aborted when the user's password changes. */
  readonly #userEnds = new Map<string, AbortController>();
  readonly #closing = new AbortController();
  readonly #watch: NodeJS.Timeout | undefined;

  constructor(options: AuthOptions) {
    const now = options.now ?? (() => performance.now());
    this.#options = options;
    this.enabled = options.enabled;
    this.#pool = options.pool ?? new HashPool();
    this.#users = new HtpasswdService(options.htpasswdFile, this.#pool, options.log);
    this.#totp = new TotpFile(options.totpFile, options.log);
    this.#sessions = new Sessions({
      maxExpireS: options.maxExpireS,
      extend: options.extend,
      maxPerUser: options.maxSessionsPerUser ?? DEFAULT_MAX_SESSIONS,
      now,
    });
    this.#throttle = new Throttle(now);
    this.#remember = new Remember(now);
    setMaxListeners(0, this.#closing.signal);
    this.#users.onChange((users) => this.#usersChanged(users));
    if (this.enabled) this.#watch = setInterval(() => void this.refresh(), WATCH_MS).unref();
  }

  /**
   * Who sent these; the first kind of credentials that is present decides. A promise where a
   * password is to be verified. Throws (or rejects with) UnauthorizedError when there are none,
   * ForbiddenError, ThrottledError, ValidatorError or UnavailableError. `allowPeer`: false where
   * the peer of a unix socket does not count (/auth/check).
   */
  authenticate(c: Credentials, { allowPeer = true } = {}): Identity | Promise<Identity> {
    if (!this.enabled) return { user: 'admin', via: 'open', ended: this.#closing.signal };
    if (c.xUser) return this.#byPassword('header', c.xUser, c.xPasswd ?? '', c.address);
    if (c.token) return this.#byToken(c.token);
    const basic = c.authorization ? parseBasic(c.authorization) : undefined;
    if (basic) return this.#byPassword('basic', basic.user, basic.passwd, c.address);
    if (allowPeer && c.peer && this.#options.peerUids.has(c.peer.uid)) {
      // No valid user name, so that it is never taken for one.
      return { user: `unix:${c.peer.uid}`, via: 'peer', ended: this.#closing.signal };
    }
    throw new KvmError('UnauthorizedError');
  }

  /** Starts a session of `expire` s (0 = as long as allowed). Rejects as `authenticate` does. */
  async login(given: {
    readonly user: string;
    readonly passwd: string;
    readonly expire?: number;
    readonly address: string;
  }): Promise<{ readonly token: string }> {
    const user = userName(given.user);
    const secret = passwd(given.passwd);
    if (this.enabled) await this.#verify(user, secret, given.address);
    this.#options.log.info({ user, address: given.address }, 'Logged in');
    return { token: this.#sessions.start(user, given.expire ?? 0, given.address) };
  }

  /** Ends all sessions of the user whose token this is; an unknown one is fine, a bad one is not. */
  logout(token: string | undefined): void {
    if (!this.enabled) return;
    const session = this.#sessions.find(authToken(token ?? ''));
    if (!session) return;
    this.#options.log.info({ user: session.user }, 'Logged out');
    this.#sessions.endUser(session.user, 'logged out');
  }

  /** Whether an identity may do what needs `permission`. */
  may(identity: Identity, permission: Permission): boolean {
    return may(identity, permission);
  }

  /** An open WebSocket keeps its session alive (with `extend`) until the result is called. */
  hold(identity: Identity): () => void {
    return identity.token === undefined ? () => {} : this.#sessions.hold(identity.token);
  }

  /** All sessions, oldest first. */
  sessions(): readonly SessionInfo[] {
    return this.#sessions.list();
  }

  /** Ends one session of the list; false when it is not there. */
  revoke(id: string): boolean {
    return this.#sessions.revoke(id);
  }

  /** Looks at the password file now, as happens each 2 s and with each password. */
  async refresh(): Promise<void> {
    // An unreadable file is in the log already; sessions stay until it can be read.
    await this.#users.load().catch(() => undefined);
  }

  /** Ends all identities and threads. */
  async close(): Promise<void> {
    clearInterval(this.#watch);
    this.#sessions.close();
    this.#closing.abort(new Error('The server is closing'));
    for (const end of this.#userEnds.values()) end.abort(this.#closing.signal.reason);
    await this.#pool.close();
  }

  #byToken(text: string): Identity {
    const token = authToken(text);
    const session = this.#sessions.find(token);
    if (!session) throw new KvmError('ForbiddenError');
    return { user: session.user, via: 'token', token, ended: session.ended };
  }

  async #byPassword(
    via: 'header' | 'basic',
    name: string,
    secret: string,
    address: string,
  ): Promise<Identity> {
    const user = userName(name);
    await this.#verify(user, passwd(secret), address);
    return { user, via, ended: this.#userEnd(user) };
  }

  async #verify(user: string, secret: string, address: string): Promise<void> {
    this.#throttle.check(user, address);
    const credentials = this.#remember.keyOf(user, secret);
    const key = `${credentials} ${address}`;
    let attempt = this.#underWay.get(key);
    if (!attempt) {
      attempt = this.#attempt(user, secret, address, credentials).finally(() =>
        this.#underWay.delete(key),
      );
      this.#underWay.set(key, attempt);
    }
    await attempt;
  }

  async #attempt(user: string, secret: string, address: string, key: string): Promise<void> {
    const attempt = this.#throttle.begin(user, address);
    let right: boolean;
    try {
      right = await this.#isRight(user, secret, key);
    } catch (error) {
      attempt.cancelled();
      throw error;
    }
    if (right) return attempt.succeeded();
    attempt.failed();
    this.#options.log.warn({ user, address }, 'Refused a login');
    throw new KvmError('ForbiddenError');
  }

  async #isRight(user: string, secret: string, key: string): Promise<boolean> {
    const [content, totp] = await Promise.all([this.#users.load(), this.#totp.secret()]);
    if (!totp) {
      if (this.#remember.has(key, content)) return true;
      const right = await this.#users.verify(content, user, secret);
      if (right) this.#remember.add(key, content);
      return right;
    }
    const code = secret.slice(-TOTP_DIGITS);
    // Both are looked at, so that the time does not tell which one is wrong.
    const right = await this.#users.verify(content, user, secret.slice(0, -TOTP_DIGITS));
    return isTotpCode(totp, code, Date.now()) && right;
  }

  #userEnd(user: string): AbortSignal {
    let end = this.#userEnds.get(user);
    if (!end) {
      end = new AbortController();
      setMaxListeners(0, end.signal);
      this.#userEnds.set(user, end);
    }
    return end.signal;
  }

  #usersChanged(users: ReadonlySet<string>): void {
    for (const user of users) {
      this.#options.log.info({ user }, 'The password changed: all logins of the user end');
      this.#sessions.endUser(user, 'password changed');
      this.#userEnds.get(user)?.abort(new Error('The password has changed'));
      this.#userEnds.delete(user);
    }
    this.#options.onUsersChanged?.(users);
  }
}
