import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAnswer, encodeAccessRequest, RadiusError } from './packet.ts';

// RFC 2865 section 7.1.
const SECRET = 'xyzzy5461';
const authenticator = Buffer.from('0f403f9473978057bd83d5cb98f4227a', 'hex');
const request = { id: 0, authenticator, secret: SECRET };
const ACCEPT = Buffer.from(
  '0200002686fe220e7624ba2a1005f6bf9b55e0b20606000000010f06000000000e06c0a80103',
  'hex',
);
const check = { request, requireMessageAuthenticator: false };

/** An answer that is signed as RFC 2865 wants, without Message-Authenticator. */
function signed(code: number, attributes: Uint8Array = Buffer.alloc(0), id = 0): Buffer {
  const head = Buffer.from([code, id, 0, 20 + attributes.length]);
  const digest = createHash('md5')
    .update(head)
    .update(authenticator)
    .update(attributes)
    .update(SECRET)
    .digest();
  return Buffer.concat([head, digest, attributes]);
}

describe('RADIUS', () => {
  it('hides a password as the example of the RFC does', () => {
    const packet = encodeAccessRequest({
      ...request,
      user: 'nemo',
      passwd: 'arctangent',
      nas: 'k',
    });
    const hex = Buffer.from(packet).toString('hex');
    expect(hex.slice(0, 40)).toBe('010000410f403f9473978057bd83d5cb98f4227a');
    expect(hex.slice(40, 44)).toBe('5012');
    expect(hex.slice(76)).toBe('01066e656d6f02120dbe708d93d413ce3196e43f782a0aee20036b');
  });

  it('takes the answer of the RFC, padded too, and no altered one', () => {
    expect(decodeAnswer(ACCEPT, check)).toBe('accept');
    expect(decodeAnswer(Buffer.concat([ACCEPT, Buffer.alloc(9)]), check)).toBe('accept');
    for (let at = 0; at < ACCEPT.length; at++) {
      const altered = Buffer.from(ACCEPT);
      altered[at] = (altered[at] ?? 0) ^ 1;
      expect(() => decodeAnswer(altered, check)).toThrow(RadiusError);
    }
  });

  it.each([
    [2, 'accept'],
    [3, 'reject'],
    [11, 'challenge'],
  ])('knows answer %i as %s', (code, answer) => {
    expect(decodeAnswer(signed(code), check)).toBe(answer);
  });

  it.each([
    ['of another kind', signed(5)],
    ['to another request', signed(2, Buffer.alloc(0), 1)],
    ['with an attribute of no length', signed(2, Buffer.from([6, 0]))],
    ['with an attribute beyond the end', signed(2, Buffer.from([6, 9, 0]))],
    ['with half an attribute', signed(2, Buffer.from([6]))],
    ['with a short Message-Authenticator', signed(2, Buffer.from([80, 3, 0]))],
    ['with a wrong Message-Authenticator', signed(2, Buffer.from([80, 18, ...Array(16).fill(1)]))],
  ])('refuses an answer %s', (_, packet) => {
    expect(() => decodeAnswer(packet, check)).toThrow(RadiusError);
  });

  it('wants a Message-Authenticator when told so', () => {
    expect(() => decodeAnswer(ACCEPT, { request, requireMessageAuthenticator: true })).toThrow(
      'no Message-Authenticator',
    );
  });

  it('throws nothing but its own error, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (datagram) => {
        expect(() => decodeAnswer(datagram, check)).toThrow(RadiusError);
      }),
    );
  });

  it('keeps to the limits of its fields', () => {
    const of = (user: string, passwd: string) =>
      encodeAccessRequest({ ...request, user, passwd, nas: 'k' });
    expect(of('u', 'x'.repeat(128)).length).toBe(20 + 18 + 3 + 130 + 3);
    expect(() => of('u', 'x'.repeat(129))).toThrow(RadiusError);
    expect(() => of('u'.repeat(254), 'x')).toThrow(RadiusError);
  });
});
