import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { desEncrypt } from './des.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const block = fc.uint8Array({ minLength: 8, maxLength: 8 });

describe('DES', () => {
  it.each([
    ['133457799bbcdff1', '0123456789abcdef', '85e813540f0ab405'],
    ['0000000000000000', '0000000000000000', '8ca64de9c1b123a7'],
    ['0123456789abcdef', '4e6f772069732074', '3fa40e8a984d4815'],
  ])('encrypts as published: key %s', (key, plain, cipher) => {
    expect(Buffer.from(desEncrypt(hex(key), hex(plain))).toString('hex')).toBe(cipher);
  });

  it('encrypts as OpenSSL does, whose triple DES with one key is DES', () => {
    fc.assert(
      fc.property(block, block, (key, plain) => {
        const openssl = createCipheriv('des-ede3', Buffer.concat([key, key, key]), null);
        openssl.setAutoPadding(false);
        expect(desEncrypt(key, plain)).toEqual(Uint8Array.from(openssl.update(plain)));
      }),
    );
  });
});
