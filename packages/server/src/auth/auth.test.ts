import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KvmError, type Permission } from '@crashcart/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Log, silentLog } from '../core/log.ts';
import { Auth, type AuthOptions, type Credentials, type Identity, ThrottledError } from './auth.ts';
import type { PasswordHash } from './hashes/hash.ts';
import { HashPool } from './hashes/hash-pool.ts';
import { newSsha512 } from './hashes/ssha.ts';
import { decodeBase32, totpCode } from './totp.ts';

const ADDRESS = '192.0.2.1';
const SECRET = 'JBSWY3DPEHPK3PXP';
const UNKNOWN_TOKEN = '0'.repeat(64);

/** Counts what is hashed. */
class CountingPool extends HashPool {
  readonly hashes: string[] = [];
  override verify(password: string, hash: PasswordHash): Promise<boolean> {
    this.hashes.push(hash.text);
    return super.verify(password, hash);
  }
}

let dir = '';
let nowMs = 0;
let pool: CountingPool;
const opened: Auth[] = [];

const htpasswd = () => join(dir, 'htpasswd');
const totp = () => join(dir, 'totp.secret');

/** Another inode each time, as real tools do it. */
async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

function open(options: Partial<AuthOptions> = {}, Kind = Auth): Auth {
  const auth = new Kind({
    enabled: true,
    htpasswdFile: htpasswd(),
    totpFile: totp(),
    maxExpireS: 0,
    extend: false,
    peerUids: new Set([0]),
    log: silentLog,
    pool,
    now: () => nowMs,
    ...options,
  });
  opened.push(auth);
  return auth;
}

async function outcome(auth: Auth, c: Partial<Credentials>, allowPeer?: boolean) {
  try {
    const identity = await auth.authenticate(
      { address: ADDRESS, ...c },
      allowPeer === undefined ? {} : { allowPeer },
    );
    return [identity.via, identity.user];
  } catch (error) {
    if (!(error instanceof KvmError)) throw error;
    return [error.name, error.message];
  }
}

async function loginOutcome(auth: Auth, user: string, passwd: string) {
  try {
    return (await auth.login({ user, passwd, address: ADDRESS })).token;
  } catch (error) {
    if (!(error instanceof KvmError)) throw error;
    return [error.name, error.message];
  }
}

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const code = (offset = 0) =>
  totpCode(decodeBase32(SECRET) ?? new Uint8Array(), Date.now() + offset * 30_000);

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'crashcart-auth-'));
  nowMs = 1000;
  pool = new CountingPool();
  await writeFile(htpasswd(), `admin:${newSsha512('admin')}\n`);
});
afterEach(async () => {
  for (const auth of opened.splice(0)) await auth.close();
  await rm(dir, { recursive: true });
});

describe('login', () => {
  it.each([
    ['admin', 'admin'],
    ['  admin  ', 'admin'],
  ])('lets %j in', async (user, passwd) => {
    expect(await loginOutcome(open(), user, passwd)).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ['admin', 'wrong', 'ForbiddenError', 'Forbidden'],
    ['admin', '', 'ForbiddenError', 'Forbidden'],
    ['admin', ' admin ', 'ForbiddenError', 'Forbidden'],
    ['nobody', 'admin', 'ForbiddenError', 'Forbidden'],
    ['', 'admin', 'ValidatorError', "The argument '' is not a valid username characters"],
    [
      'ad min;',
      'admin',
      'ValidatorError',
      "The argument 'ad min;' is not a valid username characters",
    ],
    ['admin', 'пароль', 'ValidatorError', 'The argument is not a valid passwd characters'],
  ])('answers %j with %j as recorded', async (user, passwd, name, message) => {
    expect(await loginOutcome(open(), user, passwd)).toEqual([name, message]);
  });
});

describe('authenticate', () => {
  const FORBIDDEN = ['ForbiddenError', 'Forbidden'];
  const UNAUTHORIZED = ['UnauthorizedError', 'Unauthorized'];
  const BAD_TOKEN = ['ValidatorError', 'The argument is not a valid auth token'];

  it.each<[string, Partial<Credentials>, string[]]>([
    ['nothing', {}, UNAUTHORIZED],
    ['an unknown token', { token: UNKNOWN_TOKEN }, FORBIDDEN],
    ['a malformed token', { token: 'zzz' }, BAD_TOKEN],
    ['an upper-case token', { token: 'A'.repeat(64) }, BAD_TOKEN],
    ['an empty token', { token: '' }, UNAUTHORIZED],
    [
      'a token of 129 characters',
      { token: 'a'.repeat(129) },
      ['ValidatorError', 'RAW limit exceed'],
    ],
    ['a header login', { xUser: 'admin', xPasswd: 'admin' }, ['header', 'admin']],
    ['a wrong header login', { xUser: 'admin', xPasswd: 'nope' }, FORBIDDEN],
    ['a header login without password', { xUser: 'admin' }, FORBIDDEN],
    [
      'a bad header user',
      { xUser: 'ADMIN', xPasswd: 'admin' },
      ['ValidatorError', "The argument 'ADMIN' is not a valid username characters"],
    ],
    [
      'a good header before a bad token',
      { xUser: 'admin', xPasswd: 'admin', token: UNKNOWN_TOKEN },
      ['header', 'admin'],
    ],
    ['Basic', { authorization: 'Basic YWRtaW46YWRtaW4=' }, ['basic', 'admin']],
    ['Basic in any case', { authorization: 'bAsIc YWRtaW46YWRtaW4=' }, ['basic', 'admin']],
    ['wrong Basic', { authorization: 'Basic YWRtaW46bm9wZQ==' }, FORBIDDEN],
    ['Basic without colon', { authorization: 'Basic YWRtaW4=' }, UNAUTHORIZED],
    ['Basic with bad base64', { authorization: 'Basic !!!!' }, UNAUTHORIZED],
    ['empty Basic', { authorization: 'Basic ' }, UNAUTHORIZED],
    [
      'a bad token before good Basic',
      { authorization: 'Basic YWRtaW46YWRtaW4=', token: UNKNOWN_TOKEN },
      FORBIDDEN,
    ],
    ['Bearer', { authorization: 'Bearer abcdef' }, UNAUTHORIZED],
    ['a trusted peer', { peer: { uid: 0, gid: 0 } }, ['peer', 'unix:0']],
    ['another peer', { peer: { uid: 1, gid: 0 } }, UNAUTHORIZED],
    ['a wrong header of a trusted peer', { xUser: 'admin', peer: { uid: 0, gid: 0 } }, FORBIDDEN],
  ])('answers %s as recorded', async (_, credentials, expected) => {
    expect(await outcome(open(), credentials)).toEqual(expected);
  });

  it('takes no peer where it must not count', async () => {
    expect(await outcome(open(), { peer: { uid: 0, gid: 0 } }, false)).toEqual(UNAUTHORIZED);
  });

  it('splits Basic at the first colon, so that a password may hold one', async () => {
    await writeFile(htpasswd(), `admin:${newSsha512('a:b:c')}`);
    expect(await outcome(open(), { authorization: basic('admin:a:b:c') })).toEqual([
      'basic',
      'admin',
    ]);
  });

  it('answers a token without a promise', async () => {
    const auth = open();
    const { token } = await auth.login({ user: 'admin', passwd: 'admin', address: ADDRESS });
    expect(auth.authenticate({ token, address: 'elsewhere' })).toMatchObject({
      user: 'admin',
      via: 'token',
      token,
    });
  });

  it('lets everybody in when it is switched off', async () => {
    const auth = open({ enabled: false });
    expect(await outcome(auth, { token: 'zzz' })).toEqual(['open', 'admin']);
    expect(await loginOutcome(auth, 'admin', 'whatever')).toMatch(/^[0-9a-f]{64}$/);
    expect(() => auth.logout(undefined)).not.toThrow();
  });
});

describe('sessions', () => {
  it('all end at logout, also for those who wait on the signal, and stay ended', async () => {
    const auth = open();
    const [a, b] = await Promise.all(
      ['a', 'b'].map((address) => auth.login({ user: 'admin', passwd: 'admin', address })),
    );
    const other = await auth.authenticate({ token: b?.token ?? '', address: ADDRESS });
    expect(auth.may(other, 'power')).toBe(true);
    expect(
      auth
        .sessions(other)
        .map(({ address }) => address)
        .toSorted(),
    ).toEqual(['a', 'b']);
    auth.logout(a?.token);
    expect(other.ended.aborted).toBe(true);
    expect(auth.may(other, 'power')).toBe(false);
    expect(await outcome(auth, { token: b?.token ?? '' })).toEqual(['ForbiddenError', 'Forbidden']);
    expect(auth.sessions(other)).toEqual([]);
  });

  it('of others are neither seen nor ended without `admin`', async () => {
    const users = ['admin', 'other'].map((user) => `${user}:${newSsha512(user)}\n`);
    await replace(htpasswd(), users.join(''));
    /** As a policy with roles will say. */
    class Strict extends Auth {
      override may(identity: Identity, permission: Permission): boolean {
        const isAllowed = permission !== 'admin' || identity.user === 'admin';
        return isAllowed && super.may(identity, permission);
      }
    }
    const auth = open({}, Strict);
    const [admin, other] = await Promise.all(
      ['admin', 'other'].map(async (user) => {
        const { token } = await auth.login({ user, passwd: user, address: ADDRESS });
        return auth.authenticate({ token, address: ADDRESS });
      }),
    );
    if (!admin || !other) throw new Error('no identities');
    const seenBy = (identity: Identity) => auth.sessions(identity).map(({ user }) => user);
    expect(seenBy(admin).toSorted()).toEqual(['admin', 'other']);
    expect(seenBy(other)).toEqual(['other']);
    expect(() => auth.endSession(other, auth.sessionId(admin))).toThrow('There is no such session');
    expect(() => auth.endSession(other, undefined)).toThrow('There is no such session');
    expect([admin.ended.aborted, other.ended.aborted]).toEqual([false, false]);
    auth.endSession(admin, auth.sessionId(other));
    expect([admin.ended.aborted, other.ended.aborted]).toEqual([false, true]);
  });

  it('do not mind a logout by an unknown token, but a malformed one', () => {
    const auth = open();
    expect(() => auth.logout(UNKNOWN_TOKEN)).not.toThrow();
    expect(() => auth.logout('zzz')).toThrow('The argument is not a valid auth token');
    expect(() => auth.logout(undefined)).toThrow('The argument is not a valid auth token');
  });

  it('and header identities end when the password changes, those of others go on', async () => {
    const other = `other:${newSsha512('other')}\n`;
    await replace(htpasswd(), `admin:${newSsha512('admin')}\n${other}`);
    const changes: string[][] = [];
    const auth = open({ onUsersChanged: (users) => changes.push([...users]) });
    const { token } = await auth.login({ user: 'admin', passwd: 'admin', address: ADDRESS });
    const byToken = await auth.authenticate({ token, address: ADDRESS });
    const c = { xUser: 'admin', xPasswd: 'admin', address: ADDRESS };
    const byHeader = await auth.authenticate(c);
    const bystander = await auth.authenticate({ ...c, xUser: 'other', xPasswd: 'other' });
    await replace(htpasswd(), `admin:${newSsha512('new')}\n${other}`);
    await auth.refresh();
    expect([byToken.ended.aborted, byHeader.ended.aborted]).toEqual([true, true]);
    expect(bystander.ended.aborted).toBe(false);
    expect(changes).toEqual([['admin']]);
    expect(await outcome(auth, c)).toEqual(['ForbiddenError', 'Forbidden']);
    expect(await outcome(auth, { ...c, xPasswd: 'new' })).toEqual(['header', 'admin']);
  });
});

describe('passwords', () => {
  it('of unknown users are hashed as those of known ones are', async () => {
    const auth = open();
    await loginOutcome(auth, 'admin', 'wrong');
    await loginOutcome(auth, 'nobody', 'wrong');
    expect(pool.hashes).toHaveLength(2);
    expect(pool.hashes[0]).toBe(pool.hashes[1]);
  });

  it('sent with each request are hashed once in 60 s', async () => {
    const auth = open();
    const c = { xUser: 'admin', xPasswd: 'admin' };
    for (let i = 0; i < 3; i++) await outcome(auth, c);
    expect(pool.hashes).toHaveLength(1);
    nowMs += 60_001;
    await outcome(auth, c);
    expect(pool.hashes).toHaveLength(2);
  });

  it('are unavailable, not wrong, when the file cannot be read', async () => {
    await rm(htpasswd());
    const auth = open({ htpasswdFile: dir });
    expect(await loginOutcome(auth, 'admin', 'admin')).toEqual([
      'UnavailableError',
      'Service Unavailable',
    ]);
  });

  it('that change while they are hashed are wrong', async () => {
    const auth = open();
    const verify = pool.verify.bind(pool);
    pool.verify = async (...args) => {
      await replace(htpasswd(), `admin:${newSsha512('new')}\n`);
      return await verify(...args);
    };
    expect(await loginOutcome(auth, 'admin', 'admin')).toEqual(['ForbiddenError', 'Forbidden']);
  });

  it('never reach the log', async () => {
    const lines: string[] = [];
    const write = (details: object, message: string) =>
      void lines.push(`${JSON.stringify(details)} ${message}`);
    const log: Log = { debug: write, info: write, warn: write, error: write, child: () => log };
    await writeFile(htpasswd(), `admin:${newSsha512('admin')}\nplain:hunter2\n`);
    const auth = open({ log });
    await loginOutcome(auth, 'admin', 'hunter3');
    await loginOutcome(auth, 'admin', 'admin');
    expect(lines.join('\n')).toContain(`Ignored line 2 of ${htpasswd()}`);
    expect(lines).toHaveLength(3);
    expect(lines.join('\n')).not.toMatch(/hunter|SSHA512/);
  });
});

describe('throttling', () => {
  const wrong = (auth: Auth, passwd: string, address = ADDRESS) =>
    outcome(auth, { xUser: 'admin', xPasswd: passwd, address });
  const retryAfter = async (auth: Auth) => {
    const c = { xUser: 'admin', xPasswd: 'admin', address: ADDRESS };
    const error = await Promise.resolve(auth.authenticate(c)).catch((e: unknown) => e);
    return error instanceof ThrottledError ? error.retryAfterS : undefined;
  };

  it('refuses a right password unseen after 5 wrong ones, from that address only', async () => {
    const auth = open();
    for (let i = 0; i < 5; i++) expect((await wrong(auth, `x${i}`))[0]).toBe('ForbiddenError');
    const hashes = pool.hashes.length;
    expect(await retryAfter(auth)).toBe(1);
    expect(pool.hashes).toHaveLength(hashes);
    expect(await wrong(auth, 'admin', '192.0.2.2')).toEqual(['header', 'admin']);
    nowMs += 1000;
    expect(await wrong(auth, 'admin')).toEqual(['header', 'admin']);
  });

  it('does not let many at once slip through', async () => {
    const auth = open();
    await Promise.all(Array.from({ length: 50 }, (_, i) => wrong(auth, `x${i}`)));
    expect(pool.hashes).toHaveLength(5);
  });

  it('verifies the same right credentials once for many requests at once', async () => {
    const auth = open();
    const all = await Promise.all(Array.from({ length: 50 }, () => wrong(auth, 'admin')));
    expect(new Set(all.map(String))).toEqual(new Set(['header,admin']));
    expect(pool.hashes).toHaveLength(1);
  });
});

describe('the second factor', () => {
  it('is the last six characters of any password, may be reused, and needs no restart', async () => {
    const auth = open();
    expect(await loginOutcome(auth, 'admin', 'admin')).toHaveLength(64);
    await replace(totp(), `${SECRET}\n`);
    for (const offset of [0, -1, 1, 0]) {
      // The next step may begin between here and there.
      expect(await loginOutcome(auth, 'admin', `admin${code(offset)}`)).toHaveLength(64);
    }
    expect(await outcome(auth, { authorization: basic(`admin:admin${code()}`) })).toEqual([
      'basic',
      'admin',
    ]);
    const right = { xUser: 'admin', xPasswd: `admin${code()}` };
    expect(await outcome(auth, right)).toEqual(['header', 'admin']);
    const before = pool.hashes.length;
    await outcome(auth, right);
    expect(pool.hashes).toHaveLength(before + 1); // nothing is remembered
    expect((await outcome(auth, { xUser: 'admin', xPasswd: 'admin' }))[0]).toBe('ForbiddenError');
    expect((await outcome(auth, { xUser: 'admin', xPasswd: `wrong${code()}` }))[0]).toBe(
      'ForbiddenError',
    );
    await replace(totp(), '');
    expect(await loginOutcome(auth, 'admin', 'admin')).toHaveLength(64);
  });

  it('keeps everybody out while its file is damaged', async () => {
    await writeFile(totp(), 'not base 32!');
    expect(await loginOutcome(open(), 'admin', 'admin')).toEqual([
      'UnavailableError',
      'Service Unavailable',
    ]);
  });
});
