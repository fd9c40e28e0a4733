import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLog } from '../../core/log.ts';
import { askPam, type PamOptions } from './pam.ts';
import { RemoteService } from './remote.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'crashcart-pam-'));
  await script('getent', 'echo "$2:x:1000:1000::/:/bin/sh"');
});
afterEach(() => rm(dir, { recursive: true }));

async function script(name: string, body: string): Promise<void> {
  await writeFile(join(dir, name), `#!/bin/sh\n${body}\n`);
  await chmod(join(dir, name), 0o755);
}

function verify(options: Partial<PamOptions> = {}, timeoutMs = 10_000): Promise<boolean> {
  const ask = askPam(
    { service: 'login', allow_users: [], deny_users: [], allow_uids_at: 0, ...options },
    { pamtester: join(dir, 'pamtester'), getent: join(dir, 'getent') },
  );
  const limits = { timeoutMs };
  const service = new RemoteService({ name: 'pam', ask, limits, log: silentLog });
  return service.verify('alice', "pass'word $HOME");
}

it('gives the password over a pipe and nothing else to anybody', async () => {
  await script('pamtester', `echo "$@" >${dir}/argv; cat >${dir}/stdin; env >${dir}/env`);
  expect(await verify()).toBe(true);
  expect(await readFile(join(dir, 'argv'), 'utf8')).toBe('login alice authenticate acct_mgmt\n');
  expect(await readFile(join(dir, 'stdin'), 'utf8')).toBe("pass'word $HOME\n");
  expect(await readFile(join(dir, 'env'), 'utf8')).not.toMatch(/word|HOME/);
});

it.each([
  [{ allow_users: ['bob'] }, false],
  [{ allow_users: ['alice'] }, true],
  [{ deny_users: ['alice'] }, false],
  [{ allow_uids_at: 1000 }, true],
  [{ allow_uids_at: 1001 }, false],
])('keeps to %j', async (options, expected) => {
  await script('pamtester', 'exit 0');
  expect(await verify(options)).toBe(expected);
});

it('refuses users without a uid, and is unavailable when nobody can tell', async () => {
  await script('pamtester', 'exit 0');
  await script('getent', 'exit 2');
  expect(await verify({ allow_uids_at: 1 })).toBe(false);
  await script('getent', 'echo garbage');
  await expect(verify({ allow_uids_at: 1 })).rejects.toMatchObject({ name: 'UnavailableError' });
});

it.each([
  ['echo "pamtester: Authentication failure" >&2; exit 1', false],
  ['echo "pamtester: System error" >&2; exit 1', undefined],
  ['exit 1', undefined],
  ['kill -9 $$', undefined],
  ['yes', undefined],
])('takes %s for %s', async (body, expected) => {
  await script('pamtester', body);
  if (expected !== undefined) expect(await verify()).toBe(expected);
  else await expect(verify()).rejects.toMatchObject({ name: 'UnavailableError' });
});

it('is unavailable when the program hangs or is missing', async () => {
  await expect(verify()).rejects.toMatchObject({ cause: { code: 'ENOENT' } });
  await script('pamtester', 'exec sleep 1000');
  await expect(verify({}, 100)).rejects.toMatchObject({ name: 'UnavailableError' });
});
