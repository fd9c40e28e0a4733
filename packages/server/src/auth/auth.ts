import { setMaxListeners } from 'node:events';
import { performance } from 'node:perf_hooks';
import { authToken, KvmError, type Permission, passwd, userName } from '@crashcart/api';
import type { Log } from '../core/log.ts';
import { type Backend, Backends } from './backends.ts';
import { parseBasic } from './basic.ts';
import { HashPool } from './hashes/hash-pool.ts';
import { may } from './policy.ts';
import { HtpasswdService } from './services/htpasswd.ts';
import type { AuthService, UsersListener } from './services/service.ts';
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
  /** Passwords of the internal service, unless `internal` is another one. */
  readonly htpasswdFile: string;
  readonly internal?: AuthService;
  /** Asked for everybody but `forceUsers`. */
  readonly external?: AuthService;
  /** Users whom only the internal service knows. */
  readonly forceUsers?: ReadonlySet<string>;
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
  readonly #backends: Backends;
  readonly #totp: TotpFile;
  readonly #sessions: Sessions;
  readonly #throttle: Throttle;
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
    const { htpasswdFile, log, external, forceUsers } = options;
    this.#backends = new Backends({
      internal: options.internal ?? new HtpasswdService(htpasswdFile, this.#pool, log),
      ...(external ? { external } : {}),
      forceUsers: forceUsers ?? new Set(),
      now,
    });
    this.#totp = new TotpFile(options.totpFile, options.log);
    this.#sessions = new Sessions({
      maxExpireS: options.maxExpireS,
      extend: options.extend,
      maxPerUser: options.maxSessionsPerUser ?? DEFAULT_MAX_SESSIONS,
      now,
    });
    this.#throttle = new Throttle(now);
    setMaxListeners(0, this.#closing.signal);
    this.#backends.onChange((users) => this.#usersChanged(users));
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
    if (c.token) return this.#byToken(c.token, c.address);
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
    /** What the client calls itself. */
    readonly agent?: string;
  }): Promise<{ readonly token: string }> {
    const user = userName(given.user);
    const secret = passwd(given.passwd);
    if (this.enabled) await this.#verify(user, secret, given.address);
    this.#options.log.info({ user, address: given.address }, 'Logged in');
    const { expire = 0, address, agent } = given;
    return { token: this.#sessions.start(user, expire, address, agent) };
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

  /** An answer that goes on counts for its session until the result is called. */
  stream(identity: Identity): () => void {
    return identity.token === undefined ? () => {} : this.#sessions.stream(identity.token);
  }

  /** The sessions that this identity may see and end, oldest first: its user's, with `admin` all. */
  sessions(identity: Identity): readonly SessionInfo[] {
    const all = this.#sessions.list();
    return this.may(identity, 'admin') ? all : all.filter(({ user }) => user === identity.user);
  }

  /** The name of the identity's own session in the list; undefined where it has none. */
  sessionId(identity: Identity): string | undefined {
    return identity.token === undefined ? undefined : this.#sessions.idOf(identity.token);
  }

  /** Ends one of `sessions(by)`; throws SessionNotFoundError for all others, be they there or not. */
  endSession(by: Identity, id: string | undefined): void {
    const session = this.sessions(by).find((one) => one.id === id);
    if (!session) throw new KvmError('SessionNotFoundError');
    const { user, address } = session;
    this.#options.log.info({ user, address, by: by.user }, 'Ended a session');
    this.#sessions.revoke(session.id);
  }

  /** Looks at password files now, as happens each 2 s and with each password. */
  async refresh(): Promise<void> {
    await this.#backends.refresh();
  }

  /** Ends all identities and threads. */
  async close(): Promise<void> {
    clearInterval(this.#watch);
    this.#sessions.close();
    this.#closing.abort(new Error('The server is closing'));
    for (const end of this.#userEnds.values()) end.abort(this.#closing.signal.reason);
    this.#backends.close();
    await this.#pool.close();
  }

  #byToken(text: string, address: string): Identity {
    const token = authToken(text);
    const session = this.#sessions.use(token, address);
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
    const backend = this.#backends.of(user);
    const credentials = backend.remember.keyOf(user, secret);
    const key = `${credentials} ${address}`;
    let attempt = this.#underWay.get(key);
    if (!attempt) {
      attempt = this.#attempt(backend, user, secret, address, credentials).finally(() =>
        this.#underWay.delete(key),
      );
      this.#underWay.set(key, attempt);
    }
    await attempt;
  }

  async #attempt(
    backend: Backend,
    user: string,
    secret: string,
    address: string,
    key: string,
  ): Promise<void> {
    const attempt = this.#throttle.begin(user, address);
    let right: boolean;
    try {
      right = await this.#isRight(backend, user, secret, key);
    } catch (error) {
      attempt.cancelled();
      throw error;
    }
    if (right) return attempt.succeeded();
    attempt.failed();
    this.#options.log.warn({ user, address }, 'Refused a login');
    throw new KvmError('ForbiddenError');
  }

  async #isRight(
    { service, remember }: Backend,
    user: string,
    secret: string,
    key: string,
  ): Promise<boolean> {
    const [version, totp] = await Promise.all([service.version(), this.#totp.secret()]);
    if (!totp) {
      if (remember.has(key, version)) return true;
      const right = await service.verify(user, secret);
      if (right) remember.add(key, version);
      return right;
    }
    const code = secret.slice(-TOTP_DIGITS);
    // Both are looked at, so that the time does not tell which one is wrong.
    const right = await service.verify(user, secret.slice(0, -TOTP_DIGITS));
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
