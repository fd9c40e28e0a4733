import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHash, verifyHash } from './hash.ts';
import { newSsha512 } from './ssha.ts';

const LONG = 'a very much longer text to encrypt.  This one even stretches over morethan one line.';

// From glibc's and libxcrypt's crypt(3) and OpenSSL's `passwd`.
const VECTORS: readonly (readonly [password: string, hash: string])[] = [
  ['Hello world!', '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
  ['Hello world!', '$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA'],
  [
    'This is just a test',
    '$5$rounds=5000$toolongsaltstrin$Un/5jzAHMgOGZ5.mWJpuVolil07guHPvOW8mGRcvxa5',
  ],
  [LONG, '$5$rounds=1400$anotherlongsalts$Rx.j8H.h8HjEDGomFU8bDkXm3XIUnzyxf12oP84Bnq1'],
  ['x'.repeat(100), '$5$x$N9ZsnS8gI/pXl4n2by.N/9U.mEjxkTpr0ndgNUVfta.'],
  [
    'Hello world!',
    '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  ],
  [
    'Hello world!',
    '$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.',
  ],
  [
    LONG,
    '$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1',
  ],
  [
    '',
    '$6$s$.ZBEl9liET9mKM6jGxl//vp8wOnIJwfkp.7sG2Ahu2q68bf4LasDRE6k5T5NPzLqBFx3oUbMl6xWpBsFfgm6..',
  ],
  ['admin', '$apr1$abcdefgh$mMZnMi5KMcUTRCidnJ3Px0'],
  ['a much longer pass word than sixteen bytes', '$apr1$xy$U9nAcEA.A6m3TTDBArsEq/'],
  ['x', '$apr1$12345678$zbBEMgfXu4mAHPrplrtNt.'],
  ['admin', '$2b$04$abcdefghijklmnopqrstuuQe66hACgXZ.ImKMvPGdqru0gQrWJ8Ju'],
  ['admin', '$2y$04$abcdefghijklmnopqrstuuQe66hACgXZ.ImKMvPGdqru0gQrWJ8Ju'],
  ['admin', '$2a$04$abcdefghijklmnopqrstuuQe66hACgXZ.ImKMvPGdqru0gQrWJ8Ju'],
  ['admin', '{SHA}0DPiKuNIrrVmD8IUCuw1hQxNqZc='],
];

describe('verifyHash', () => {
  it.each(VECTORS)('accepts %j with %s, and nothing else', (password, hash) => {
    expect(parseHash(hash)).toMatchObject({ text: hash });
    expect(verifyHash(password, hash)).toBe(true);
    expect(verifyHash(`${password}x`, hash)).toBe(false);
  });

  it('accepts what newSsha512 writes, each time with another salt', () => {
    const hash = newSsha512('pass:word');
    expect(verifyHash('pass:word', hash)).toBe(true);
    expect(verifyHash('pass:wor', hash)).toBe(false);
    expect(newSsha512('pass:word')).not.toBe(hash);
  });

  it('knows a salted SHA-256 with any length of salt', () => {
    // sha256("admin" + "salt") followed by "salt"
    const hash = '{SSHA256}+agUd1UllMefKrw/wJnaqJam46NZClX/o5K2AAQS6AtzYWx0';
    expect(parseHash(hash)).toMatchObject({ slow: false });
    expect(verifyHash('admin', hash)).toBe(true);
  });
});

describe('parseHash', () => {
  it.each([
    ['admin', 'unknown-scheme'],
    ['', 'unknown-scheme'],
    ['{PLAIN}admin', 'unknown-scheme'],
    ['$1$salt$abc', 'unknown-scheme'],
    ['rqXexS6ZhobKA', 'unknown-scheme'],
    ['{SSHA512}AAAA', 'malformed'],
    ['{SHA}AAAA', 'malformed'],
    ['$6$salt$short', 'malformed'],
    ['$apr1$salt$short', 'malformed'],
    ['$2b$04$short', 'malformed'],
    [`$2b$31$${'a'.repeat(53)}`, 'too-expensive'],
    [`$5$rounds=999999999$s$${'a'.repeat(43)}`, 'too-expensive'],
  ])('refuses %j as %s', (text, problem) => {
    expect(parseHash(text)).toBe(problem);
  });

  it('never throws, and what it refuses is never verified', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((rest) => `$6$${rest}`),
          fc.string().map((rest) => `{SSHA512}${rest}`),
          fc.string().map((rest) => `$2b$04$${rest}`),
        ),
        (text) => {
          if (typeof parseHash(text) === 'string') expect(verifyHash('x', text)).toBe(false);
        },
      ),
    );
  });
});
