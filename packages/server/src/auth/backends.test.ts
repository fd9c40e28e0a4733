import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KvmError } from '@crashcart/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../core/log.ts';
import { Auth } from './auth.ts';
import { newSsha512 } from './hashes/ssha.ts';
import { forbiddenService } from './services/forbidden.ts';
import { RemoteService } from './services/remote.ts';

let dir = '';
let auth: Auth | undefined;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'crashcart-backends-'));
  const lines = ['admin', 'alice'].map((user) => `${user}:${newSsha512('internal')}\n`);
  await writeFile(join(dir, 'htpasswd'), lines.join(''));
});
afterEach(async () => {
  await auth?.close();
  await rm(dir, { recursive: true });
});

const remote = (ask: (user: string, passwd: string) => Promise<boolean>, timeoutMs = 60_000) =>
  new RemoteService({ name: 'fake', ask, limits: { timeoutMs }, log: silentLog });

function open(options: Partial<ConstructorParameters<typeof Auth>[0]>): Auth {
  auth = new Auth({
    ...{ enabled: true, htpasswdFile: join(dir, 'htpasswd'), totpFile: '', maxExpireS: 0 },
    ...{ extend: false, peerUids: new Set<number>(), log: silentLog },
    forceUsers: new Set(['admin']),
    ...options,
  });
  return auth;
}

const loginOf = async (on: Auth, user: string, passwd: string, address = '192.0.2.1') =>
  on.login({ user, passwd, address }).then(
    () => 'in',
    (error: unknown) => (error instanceof KvmError ? error.name : String(error)),
  );

describe('an external service', () => {
  it('decides alone about all but the forced users, and never about those', async () => {
    const asked: string[] = [];
    const on = open({
      external: remote(async (user, passwd) => {
        asked.push(user);
        return passwd === 'external';
      }),
    });
    expect(await loginOf(on, 'alice', 'external')).toBe('in');
    expect(await loginOf(on, 'alice', 'internal')).toBe('ForbiddenError');
    expect(await loginOf(on, 'admin', 'internal')).toBe('in');
    expect(await loginOf(on, 'admin', 'external')).toBe('ForbiddenError');
    expect(asked).toEqual(['alice', 'alice']);
  });

  it('that hangs does not stop the logins of forced users', async () => {
    const on = open({ external: remote(() => new Promise(() => undefined)) });
    const hanging = Array.from({ length: 200 }, (_, i) =>
      loginOf(on, `user${i}`, 'x', `192.0.2.${i}`),
    );
    expect(await loginOf(on, 'admin', 'internal')).toBe('in');
    await on.close();
    expect(new Set(await Promise.all(hanging))).toEqual(new Set(['UnavailableError']));
  });

  it('that hangs for one user does not stop the logins of others', async () => {
    const on = open({
      external: remote((user) =>
        user === 'mallory' ? new Promise(() => undefined) : Promise.resolve(true),
      ),
    });
    const hanging = Array.from({ length: 100 }, (_, i) =>
      loginOf(on, 'mallory', `x${i}`, `192.0.2.${i}`),
    );
    expect(await loginOf(on, 'alice', 'external')).toBe('in');
    await on.close();
    expect(new Set(await Promise.all(hanging))).toEqual(new Set(['UnavailableError']));
  });

  it('that fails is no wrong password: nobody is throttled by it', async () => {
    let broken = true;
    const on = open({
      external: remote(async () => {
        if (broken) throw new Error('garbage');
        return true;
      }),
    });
    for (let i = 0; i < 10; i++) expect(await loginOf(on, 'bob', 'x')).toBe('UnavailableError');
    broken = false;
    expect(await loginOf(on, 'bob', 'x')).toBe('in');
  });

  it('is asked once in a while for a tool that sends the password each time', async () => {
    let asked = 0;
    let nowMs = 0;
    const on = open({ external: remote(async () => ++asked > 0), now: () => nowMs });
    const show = () => on.authenticate({ xUser: 'bob', xPasswd: 'x', address: '192.0.2.1' });
    await show();
    await show();
    expect(asked).toBe(1);
    nowMs += 60_001;
    await show();
    expect(asked).toBe(2);
  });

  it('keeps its logins when the password file changes for a user of the same name', async () => {
    const on = open({ external: remote(async () => true) });
    const show = (xUser: string, xPasswd: string) =>
      on.authenticate({ xUser, xPasswd, address: '192.0.2.1' });
    const alice = await show('alice', 'external');
    const admin = await show('admin', 'internal');
    await writeFile(join(dir, 'new'), `admin:${newSsha512('changed')}\n`);
    await rename(join(dir, 'new'), join(dir, 'htpasswd'));
    await on.refresh();
    expect([alice.ended.aborted, admin.ended.aborted]).toEqual([false, true]);
  });

  it('may forbid everybody else', async () => {
    const on = open({ external: forbiddenService });
    expect(await loginOf(on, 'alice', 'internal')).toBe('ForbiddenError');
    expect(await loginOf(on, 'admin', 'internal')).toBe('in');
  });
});
