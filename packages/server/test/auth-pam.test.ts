import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { askPam } from '../src/auth/services/pam.ts';
import { RemoteService } from '../src/auth/services/remote.ts';
import { silentLog } from '../src/core/log.ts';

/** The only directory that PAM reads services from; root may write there. */
const SERVICES = '/etc/pam.d';
const isRoot = process.getuid?.() === 0;

let dir = '';
let service = '';
beforeAll(async () => {
  if (!isRoot) return;
  dir = await mkdtemp(join(tmpdir(), 'crashcart-pam-'));
  // PAM reads the names of services in lower case.
  service = basename(dir).toLowerCase();
  const hash = spawnSync('openssl', ['passwd', '-6', '-stdin'], {
    input: 'right',
    encoding: 'utf8',
  });
  const line = hash.stdout.trim();
  await writeFile(join(dir, 'passwords'), `alice:${line}\nexpired:${line}\n`);
  await writeFile(join(dir, 'expired'), 'expired\n');
  await writeFile(
    join(SERVICES, service),
    `auth required pam_pwdfile.so pwdfile ${dir}/passwords
account required pam_listfile.so item=user sense=deny onerr=fail file=${dir}/expired
`,
  );
});
afterAll(async () => {
  if (!isRoot) return;
  await rm(join(SERVICES, service));
  await rm(dir, { recursive: true });
});

it.runIf(isRoot).each([
  ['alice', 'right', true],
  ['alice', 'wrong', false],
  ['alice', ' right', false],
  ['nobody', 'right', false],
  ['expired', 'right', false],
])('PAM says of %s with %j: %s', async (user, passwd, expected) => {
  const ask = askPam({ service, allow_users: [], deny_users: [], allow_uids_at: 0 });
  const limits = { timeoutMs: 20_000 };
  const pam = new RemoteService({ name: 'pam', ask, limits, log: silentLog });
  expect(await pam.verify(user, passwd)).toBe(expected);
});
