import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { element, integer, LdapError, octets, Tag } from './ber.ts';
import { decodeMessage, encodeBind, encodeSearch, messageLength } from './messages.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

/** What libldap 2.5 and slapd said to each other. */
const BIND = '3020020101601b020103040f616c696365406578616d706c652e7880057269676874';
const SEARCH =
  '307a0201026375040464633d780a01020a0100020100020105010100a052a313040b6f626a656374436c61737304' +
  '0475736572a3240411757365725072696e636970616c4e616d65040f616c696365406578616d706c652e78a315' +
  '04086d656d6265724f660409636e3d6b2c64633d78300a04086d656d6265724f66';
const BOUND = '300c02010161070a010004000400';
const REFUSED = '300c02010161070a013104000400';
const NO_DN = '301602010161110a01220400040a696e76616c696420444e';
const ENTRY =
  '302f020102642a040d636e3d616c6963652c64633d783019301704086d656d6265724f66310b0409636e3d6b2c64633d78';
const DONE = '300c02010265070a010004000400';
const ANSWERS = [BOUND, REFUSED, NO_DN, ENTRY, DONE].map(bytes);

const answer = (operation: Uint8Array) => element(Tag.sequence, integer(1), operation);

describe('LDAP messages', () => {
  it('asks octet by octet as libldap does', () => {
    expect(hex(encodeBind({ id: 1, name: 'alice@example.x', passwd: 'right' }))).toBe(BIND);
    const search = encodeSearch({
      ...{ id: 2, base: 'dc=x', attribute: 'memberOf', timeLimitS: 5 },
      equal: [
        ['objectClass', 'user'],
        ['userPrincipalName', 'alice@example.x'],
        ['memberOf', 'cn=k,dc=x'],
      ],
    });
    expect(hex(search)).toBe(SEARCH);
  });

  it('sends the characters of a filter as they are, where they can mean nothing', () => {
    const group = 'cn=a*)(uid=\\2a\0,dc=x';
    const equal = [['memberOf', group]] as const;
    const search = encodeSearch({ id: 2, base: '', attribute: 'cn', timeLimitS: 0, equal });
    const condition = element(0xa3, octets('memberOf'), octets(group));
    expect(hex(search)).toContain(hex(element(0xa0, condition)));
  });

  it('refuses a bind without a password', () => {
    expect(() => encodeBind({ id: 1, name: 'alice', passwd: '' })).toThrow(LdapError);
  });

  it('reads what slapd answers', () => {
    expect(ANSWERS.map(decodeMessage)).toEqual([
      { id: 1, kind: 'bind', result: { code: 0, text: 'result 0' } },
      { id: 1, kind: 'bind', result: { code: 49, text: 'invalidCredentials' } },
      { id: 1, kind: 'bind', result: { code: 34, text: 'invalidDNSyntax invalid DN' } },
      { id: 2, kind: 'entry', attributes: [{ type: 'memberOf', values: ['cn=k,dc=x'] }] },
      { id: 2, kind: 'done', result: { code: 0, text: 'result 0' } },
    ]);
  });

  it('waits for the rest of a message and knows where it ends', () => {
    for (const whole of ANSWERS) {
      for (let length = 0; length < whole.length; length++) {
        const part = whole.subarray(0, length);
        expect(messageLength(part)).toBe(length < 2 ? undefined : whole.length);
        expect(() => decodeMessage(part)).toThrow(LdapError);
      }
      expect(messageLength(Buffer.concat([whole, whole]))).toBe(whole.length);
    }
    expect(messageLength(bytes('3084ffffffff'))).toBe(6 + 0xffff_ffff);
    expect(messageLength(bytes('308400'))).toBeUndefined();
  });

  it('makes lengths and numbers of all sizes that it reads again', () => {
    fc.assert(
      fc.property(fc.nat(0x7fff_ffff), fc.nat(70_000), (id, size) => {
        const value = 'x'.repeat(size);
        const values = element(Tag.set, octets(value));
        const attribute = element(Tag.sequence, octets('cn'), values);
        const operation = element(0x64, octets(''), element(Tag.sequence, attribute));
        const message = element(Tag.sequence, integer(id), operation);
        expect(messageLength(message)).toBe(message.length);
        const attributes = [{ type: 'cn', values: [value] }];
        expect(decodeMessage(message)).toEqual({ id, kind: 'entry', attributes });
      }),
      { numRuns: 50 },
    );
  });

  it('ignores search references and tells of a notice', () => {
    expect(decodeMessage(answer(element(0x73, octets('ldap://x/'))))).toEqual({
      ...{ id: 1, kind: 'other' },
    });
    const result = [integer(52, Tag.enumerated), octets(''), octets(`busy\0${'x'.repeat(500)}`)];
    const notice = decodeMessage(answer(element(0x78, ...result, octets('1.3.6', 0x8a))));
    expect(notice).toMatchObject({ kind: 'notice', result: { code: 52 } });
    expect(notice).toHaveProperty('result.text', `unavailable busy ${'x'.repeat(195)}`);
  });

  it.each([
    ['of another protocol', Buffer.from('SSH-2.0-x\r\n')],
    ['with octets behind it', Buffer.concat([bytes(BOUND), bytes('00')])],
    ['of an unknown operation', answer(element(0x6b))],
    ['that is a request', bytes(BIND)],
    ['with an indefinite length', bytes('3080020101')],
    ['with a length of five octets', bytes('30850000000003020101')],
    ['with a negative id', element(Tag.sequence, bytes('0201ff'), element(0x79))],
    ['with an id that is too large', element(Tag.sequence, bytes('02050100000000'), element(0x79))],
    ['with an id of no octets', element(Tag.sequence, bytes('0200'), element(0x79))],
    ['with a tag of two octets', answer(bytes('7f81010100'))],
    ['whose parts are longer than it', answer(bytes('6109040a00'))],
    ['whose result is no number', answer(element(0x61, octets('0'), octets(''), octets('')))],
  ])('refuses a message %s', (_, message) => {
    expect(() => decodeMessage(message)).toThrow(LdapError);
  });

  it('throws nothing but its own error, whatever comes', () => {
    const check = (input: Uint8Array) => {
      try {
        messageLength(input);
        decodeMessage(input);
      } catch (error) {
        expect(error).toBeInstanceOf(LdapError);
      }
    };
    const changed = fc.tuple(fc.constantFrom(...ANSWERS), fc.nat(50), fc.nat(255));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), check));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 99 }), (part) => check(answer(part))));
    fc.assert(
      fc.property(changed, ([whole, at, octet]) => {
        const altered = Uint8Array.from(whole);
        altered[at % altered.length] = octet;
        check(altered);
      }),
      { numRuns: 2000 },
    );
  });
});
