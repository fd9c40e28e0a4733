import { afterAll, beforeAll, expect, it } from 'vitest';
import { askLdap, type LdapOptions } from '../src/auth/services/ldap.ts';
import { RemoteService } from '../src/auth/services/remote.ts';
import { silentLog } from '../src/core/log.ts';
import { Slapd } from './support/slapd.ts';

/**
 * Active Directory takes `alice@example.org` as a name, slapd only DNs: what is one here before and behind
 * the @ makes a DN together, so that the same octets go over the wire and come back.
 */
const DOMAIN = 'example.org';
const BASE = `o=kvm@${DOMAIN}`;
const ALICE = 'uid=alice,o=kvm';
const BOB = 'uid=bob,o=kvm';
const CAROL = 'uid=carol,o=kvm';
/** What would be part of a filter's text in one, were it not escaped. */
const GROUP = `cn=Kvm (all*)(uid=*),${BASE}`;

function user(name: string, passwd: string, more: string): string {
  const dn = `${name}@${DOMAIN}`;
  const uid = name.slice(4, name.indexOf(','));
  const login = `userPrincipalName: ${dn}\nuserPassword: ${passwd}`;
  return `\ndn: ${dn}\nobjectClass: user\nuid: ${uid}\ncn: ${uid}\nsn: ${uid}\n${login}\n${more}`;
}

const ENTRIES = `dn: ${BASE}
objectClass: organization
o: kvm@${DOMAIN}
${user(ALICE, 'right', `memberOf: cn=others,${BASE}\nmemberOf: ${GROUP}\n`)}
${user(BOB, 'right', `memberOf: cn=others,${BASE}\n`)}
${user(CAROL, 'pass "wörd" *)(\\2a', `memberOf: ${GROUP}\n`)}`;

let server: Slapd;
beforeAll(async () => {
  server = await Slapd.start(BASE, ENTRIES);
});
afterAll(() => server.close());

function service(options: Partial<LdapOptions> = {}, ca?: string): RemoteService {
  const ask = askLdap(
    {
      ...{ url: server.url, verify: true, base: BASE, group: GROUP },
      ...{ user_domain: DOMAIN, timeout: 10, ...options },
    },
    ca,
  );
  return new RemoteService({ name: 'ldap', ask, limits: { timeoutMs: 10_000 }, log: silentLog });
}

const trouble = (asked: Promise<boolean>) =>
  asked.then(
    (answer) => `answers ${answer}`,
    (error: Error) => (error.cause as Error).message,
  );

it.each([
  ['a user of the group', ALICE, 'right', true],
  ['a wrong password', ALICE, 'Right', false],
  ['a user of another group', BOB, 'right', false],
  ['a password of all kinds of characters', CAROL, 'pass "wörd" *)(\\2a', true],
  ['an unknown user', 'uid=nobody,o=kvm', 'right', false],
  ['an empty password', ALICE, '', false],
])('slapd says of %s: %s %j %s', async (_, name, passwd, expected) => {
  expect(await service().verify(name, passwd)).toBe(expected);
});

it('lets nobody in by another group, base or domain', async () => {
  expect(await service({ group: `cn=*,${BASE}` }).verify(ALICE, 'right')).toBe(false);
  expect(await service({ group: `cn=others,${BASE}` }).verify(BOB, 'right')).toBe(true);
  expect(await trouble(service({ base: 'o=else' }).verify(ALICE, 'right'))).toContain(
    'refuses the search: noSuchObject',
  );
  expect(await service({ user_domain: 'else' }).verify(ALICE, 'right')).toBe(false);
});

it('tells what slapd does not understand', async () => {
  expect(await trouble(service().verify('alice', 'right'))).toBe(
    'The directory refuses the bind: invalidDNSyntax invalid DN',
  );
});

it('trusts over TLS whom it is told to trust', async () => {
  const url = server.secureUrl;
  expect(await service({ url }, server.ca).verify(ALICE, 'right')).toBe(true);
  expect(await service({ url }, server.ca).verify(ALICE, 'wrong')).toBe(false);
  expect(await service({ url, verify: false }).verify(ALICE, 'right')).toBe(true);
  expect(await trouble(service({ url }).verify(ALICE, 'right'))).toContain('self-signed');
  const named = url.replace('127.0.0.1', 'localhost');
  expect(await service({ url: named }, server.ca).verify(ALICE, 'right')).toBe(true);
});
