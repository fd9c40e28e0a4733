import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sessionsState } from '@crashcart/api';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Auth } from '../../../auth/auth.ts';
import { newSsha512 } from '../../../auth/hashes/ssha.ts';
import { silentLog } from '../../../core/log.ts';
import type { Call } from '../host.ts';
import { authHandlers } from './auth.ts';

const PASSWORD = 'correct horse 7';

let dir = '';
let auth: Auth;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'crashcart-sessions-'));
  const htpasswdFile = join(dir, 'htpasswd');
  await writeFile(htpasswdFile, `admin:${newSsha512(PASSWORD)}\n`);
  auth = new Auth({
    ...{ enabled: true, htpasswdFile, totpFile: '', maxExpireS: 0, extend: false },
    ...{ peerUids: new Set<number>(), log: silentLog, maxSessionsPerUser: 5 },
  });
});
afterEach(async () => {
  await auth.close();
  await rm(dir, { recursive: true });
});

/** The answer to GET /auth/sessions, as sent to whoever has this token. */
async function listed(token: string): Promise<string> {
  const identity = await auth.authenticate({ token, address: '192.0.2.1' });
  const call = { services: { auth }, identity } as unknown as Call;
  return JSON.stringify(await authHandlers.authSessions({}, call));
}

it('never answers a token or a password, whatever clients call themselves', async () => {
  const tokens: string[] = [];
  const agent = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    // A client that was told a token of somebody else.
    fc.nat(4).map((index) => `agent ${index}`),
  );
  await fc.assert(
    fc.asyncProperty(agent, fc.nat(1_000_000), async (text, expire) => {
      const stolen = /^agent (\d)$/.exec(text)?.[1];
      const called = stolen === undefined ? text : `x${tokens.at(-1 - Number(stolen))}y`;
      const given = { user: 'admin', passwd: PASSWORD, address: '192.0.2.1' };
      const { token } = await auth.login({ ...given, expire, agent: called });
      tokens.push(token);
      const answer = await listed(token);
      const { sessions } = sessionsState.parse(JSON.parse(answer));
      expect(sessions.length).toBeLessThanOrEqual(5);
      expect(sessions.filter(({ own }) => own)).toHaveLength(1);
      expect(Math.max(...sessions.map((one) => one.agent.length))).toBeLessThanOrEqual(200);
      expect(answer).not.toContain(PASSWORD);
      expect(answer).not.toMatch(/[0-9a-f]{32}/i);
      for (const each of tokens.slice(-5)) {
        expect(answer).not.toContain(each);
        expect(answer).not.toContain(createHash('sha256').update(each).digest('hex'));
      }
    }),
  );
});

it('does not let a token be found by its name in the list, nor the name be used as one', async () => {
  const { token } = await auth.login({ user: 'admin', passwd: PASSWORD, address: '' });
  const { sessions } = sessionsState.parse(JSON.parse(await listed(token)));
  const id = sessions[0]?.id ?? '';
  expect(token).not.toContain(id);
  expect(() => auth.authenticate({ token: id, address: '' })).toThrow('not a valid auth token');
});
