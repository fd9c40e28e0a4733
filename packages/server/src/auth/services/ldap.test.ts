import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLog } from '../../core/log.ts';
import { element, integer, octets, Tag } from '../../protocols/ldap/ber.ts';
import { askLdap, type LdapOptions } from './ldap.ts';
import { RemoteService } from './remote.ts';

const GROUP = 'cn=kvm,dc=x';
let server: Server;
let sockets: Set<Socket>;
/** What a fake directory does when the bind has come, and when the search has. */
let answers: readonly ((socket: Socket) => void)[];

beforeEach(async () => {
  sockets = new Set();
  server = createServer((socket) => {
    sockets.add(socket);
    let asked = 0;
    socket.on('data', () => answers[asked++]?.(socket));
    socket.on('error', () => undefined);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

function service(options: Partial<LdapOptions> = {}, timeoutMs = 5000): RemoteService {
  const ask = askLdap({
    ...{ url: `ldap://127.0.0.1:${(server.address() as AddressInfo).port}`, verify: true },
    ...{ base: 'dc=x', group: GROUP, user_domain: 'x', timeout: 5 },
    ...options,
  });
  return new RemoteService({ name: 'ldap', ask, limits: { timeoutMs }, log: silentLog });
}

const outcome = (asked: Promise<boolean>) =>
  asked.catch((error: Error) => (error.cause as Error | undefined)?.message ?? error.message);
const ask = (...args: Parameters<typeof service>) =>
  outcome(service(...args).verify('alice', 'right'));

const message = (id: number, ...operation: Parameters<typeof element>) =>
  element(Tag.sequence, integer(id), element(...operation));
const result = (id: number, tag: number, code: number, text = '') =>
  message(id, tag, integer(code, Tag.enumerated), octets(''), octets(text));
function entry(type: string, ...values: readonly string[]): Uint8Array {
  const set = element(Tag.set, ...values.map((value) => octets(value)));
  const attributes = element(Tag.sequence, element(Tag.sequence, octets(type), set));
  return message(2, 0x64, octets('cn=alice,dc=x'), attributes);
}
const sends =
  (...parts: readonly Uint8Array[]) =>
  (socket: Socket) =>
    void socket.write(Buffer.concat(parts));
const bound = sends(result(1, 0x61, 0));
const done = result(2, 0x65, 0);
const reference = message(2, 0x73, octets('ldap://elsewhere/'));
const twoMiB = 'x'.repeat(2 * 1024 * 1024);

it.each([
  ['an entry with the group', [entry('memberOf', 'cn=a', GROUP), done], true],
  ['the attribute in other letters and with options', [entry('MEMBEROF;x', GROUP), done], true],
  ['a reference and two entries', [reference, entry('cn'), entry('memberOf', GROUP), done], true],
  ['no entry', [done], false],
  [
    'an entry with other groups, which the server made up',
    [entry('memberOf', 'cn=a'), done],
    false,
  ],
  ['the group in another attribute', [entry('member', GROUP), done], false],
])('finds in %s: %s', async (_, found, expected) => {
  answers = [bound, sends(...found)];
  expect(await ask()).toBe(expected);
});

it('puts an answer together that comes octet by octet', async () => {
  answers = [
    bound,
    async (socket) => {
      socket.setNoDelay();
      for (const octet of Buffer.concat([entry('memberOf', GROUP), done])) {
        await new Promise((sent) => socket.write(Uint8Array.of(octet), sent));
      }
    },
  ];
  expect(await ask()).toBe(true);
});

it.each([
  ['a wrong password', [sends(result(1, 0x61, 49))], false],
  ['a user without a password', [sends(result(1, 0x61, 48))], false],
  ['a trouble at the bind', [sends(result(1, 0x61, 34, 'bad'))], 'bind: invalidDNSyntax bad'],
  ['a missing base', [bound, sends(result(2, 0x65, 32))], 'search: noSuchObject'],
  [
    'a trouble behind an entry',
    [bound, sends(entry('memberOf', GROUP), result(2, 0x65, 51))],
    'search: busy',
  ],
  ['a referral', [sends(result(1, 0x61, 10))], 'bind: referral'],
  ['a success of something else', [sends(result(7, 0x61, 0))], 'what was not asked'],
  ['a success before its time', [sends(done)], 'what was not asked'],
  ['a search that ends the bind', [sends(result(1, 0x65, 0))], 'not answer the bind'],
  ['a bind in the search', [bound, sends(result(2, 0x61, 0))], 'not answer the search'],
  ['a notice', [sends(result(0, 0x78, 52))], 'ends the connection: unavailable'],
  ['another protocol', [(socket: Socket) => void socket.write('SSH-2.0-x\r\n')], 'no LDAP'],
  ['half a message', [(socket: Socket) => void socket.end(done.subarray(0, 5))], 'closed'],
  ['a reset', [(socket: Socket) => void socket.resetAndDestroy()], 'ECONNRESET'],
  ['an announced flood', [sends(Buffer.from('30847fffffff', 'hex'))], 'more than'],
  ['a flood', [bound, sends(entry('cn', twoMiB.slice(0, 1e6)), entry('cn', twoMiB))], 'more than'],
])('after %s: %s', async (_, given, expected) => {
  answers = given;
  const got = await ask();
  if (typeof expected === 'boolean') expect(got).toBe(expected);
  else expect(got).toContain(expected);
});

it('gives up in time, whenever the directory falls silent, and hangs up', async () => {
  for (const silent of [[], [bound], [bound, sends(entry('memberOf', GROUP))]]) {
    answers = silent;
    expect(await ask({}, 100)).toContain('in time');
  }
  answers = [];
  const { port } = server.address() as AddressInfo;
  expect(await ask({ url: `ldaps://127.0.0.1:${port}` }, 100)).toContain('in time');
  expect(sockets.size).toBe(4);
  await Promise.all([...sockets].map((each) => each.destroyed || once(each, 'close')));
});

it('tells when nobody listens', async () => {
  expect(await ask({ url: 'ldap://127.0.0.1:1' })).toContain('ECONNREFUSED');
  expect(await ask({ url: 'ldaps://[::1]:1' })).toContain('ECONN');
});

it('never asks about an empty password', async () => {
  answers = [bound, sends(entry('memberOf', GROUP), done)];
  expect(await service().verify('alice', '')).toBe(false);
  expect(sockets.size).toBe(0);
});
