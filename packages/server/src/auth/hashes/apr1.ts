import { createHash } from 'node:crypto';
import { encodeCrypt64 } from './crypt64.ts';

/** `$apr1$salt$checksum`: the MD5 passwords of Apache's htpasswd (apr_md5.c). */
export interface Apr1Hash {
  /** At most 8 characters. */
  readonly salt: string;
  readonly checksum: string;
}

const MAGIC = Buffer.from('$apr1$');
const PATTERN = /^\$apr1\$([^$:\n]{0,8})\$([./0-9A-Za-z]{22})$/;
const ROUNDS = 1000;
const GROUPS = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
  [-1, -1, 11],
];

/** The parts of such a text; undefined when it is none. */
export function parseApr1(text: string): Apr1Hash | undefined {
  const match = PATTERN.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { salt: match[1], checksum: match[2] };
}

function md5(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** The checksum of a password; blocks for about 2 ms. */
export function apr1(password: string, salt: string): string {
  const key = Buffer.from(password);
  const saltBytes = Buffer.from(salt);
  const alternate = md5(key, saltBytes, key);
  const parts: Uint8Array[] = [key, MAGIC, saltBytes];
  for (let left = key.length; left > 0; left -= 16) parts.push(alternate.subarray(0, left));
  for (let n = key.length; n > 0; n >>= 1) {
    parts.push(n & 1 ? Buffer.of(0) : key.subarray(0, 1));
  }
  let final = md5(...parts);
  for (let round = 0; round < ROUNDS; round++) {
    const steps: Uint8Array[] = [round & 1 ? key : final];
    if (round % 3) steps.push(saltBytes);
    if (round % 7) steps.push(key);
    steps.push(round & 1 ? final : key);
    final = md5(...steps);
  }
  return encodeCrypt64(final, GROUPS);
}
