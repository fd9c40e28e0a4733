import { afterAll, beforeAll, expect, it } from 'vitest';
import { askRadius } from '../src/auth/services/radius.ts';
import { RemoteService } from '../src/auth/services/remote.ts';
import { silentLog } from '../src/core/log.ts';
import { FreeRadius } from './support/free-radius.ts';

const LONG = 'a password of more than sixteen octets, in fact of four blocks';
const USERS = `
alice Cleartext-Password := "arctangent"

bob Cleartext-Password := "${LONG}"
  Message-Authenticator := 0x00

carol Auth-Type := Reject
`;

let server: FreeRadius;
beforeAll(async () => {
  server = await FreeRadius.start('xyzzy5461', USERS);
});
afterAll(() => server.close());

const service = ({ secret = 'xyzzy5461', required = false, timeout = 10 } = {}) =>
  new RemoteService({
    name: 'radius',
    ask: askRadius({
      ...{ host: '127.0.0.1', port: server.port, secret, timeout },
      require_message_authenticator: required,
    }),
    limits: { timeoutMs: timeout * 1000 },
    log: silentLog,
  });

it.each([
  ['alice', 'arctangent', true],
  ['alice', 'Arctangent', false],
  ['bob', LONG, true],
  ['bob', LONG.slice(0, -1), false],
  ['carol', 'x', false],
  ['nobody', 'x', false],
])('FreeRADIUS says of %s with %j: %s', async (user, passwd, expected) => {
  expect(await service().verify(user, passwd)).toBe(expected);
});

it('takes only what is signed as it was told', async () => {
  const required = service({ required: true, timeout: 1 });
  expect(await required.verify('bob', LONG)).toBe(true);
  await expect(required.verify('alice', 'arctangent')).rejects.toMatchObject({
    name: 'UnavailableError',
  });
});

it('gets no answer with another secret', async () => {
  await expect(
    service({ secret: 'wrong', timeout: 1 }).verify('alice', 'arctangent'),
  ).rejects.toMatchObject({ name: 'UnavailableError' });
});
