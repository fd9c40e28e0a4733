import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase32, encodeBase32, isTotpCode, totpCode } from './totp.ts';

const RFC_SECRET = Buffer.from('12345678901234567890');

describe('totpCode', () => {
  // RFC 6238, appendix B, SHA1.
  it.each([
    [59, '94287082'],
    [1111111109, '07081804'],
    [1111111111, '14050471'],
    [1234567890, '89005924'],
    [2000000000, '69279037'],
    [20000000000, '65353130'],
  ])('at %d s is %s', (seconds, code) => {
    expect(totpCode(RFC_SECRET, seconds * 1000, 8)).toBe(code);
    expect(totpCode(RFC_SECRET, seconds * 1000)).toBe(code.slice(2));
  });
});

describe('isTotpCode', () => {
  it('accepts the step before and after, no further ones, nothing else', () => {
    const at = 1_111_111_111_000;
    const accepted = [-60, -30, 0, 30, 60].map((shift) =>
      isTotpCode(RFC_SECRET, totpCode(RFC_SECRET, at + shift * 1000), at),
    );
    expect(accepted).toEqual([false, true, true, true, false]);
    for (const code of ['', '12345', 'abcdef', '1234567']) {
      expect(isTotpCode(RFC_SECRET, code, at)).toBe(false);
    }
  });
});

describe('base 32', () => {
  it('reads what it writes, also in small letters, with blanks and padding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 5, maxLength: 64 }), (bytes) => {
        const text = encodeBase32(bytes);
        expect(decodeBase32(`${text.toLowerCase().replace(/(.{4})/g, '$1 ')}===\n`)).toEqual(bytes);
      }),
    );
  });

  it('knows the secret of the recordings and refuses others', () => {
    expect(decodeBase32('JBSWY3DPEHPK3PXP')).toEqual(
      Uint8Array.from([0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x21, 0xde, 0xad, 0xbe, 0xef]),
    );
    for (const bad of ['', 'JBSW', 'JBSWY3DPEHPK3PX1', 'пароль']) {
      expect(decodeBase32(bad)).toBeUndefined();
    }
  });
});
