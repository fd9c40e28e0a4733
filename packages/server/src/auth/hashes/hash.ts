import { timingSafeEqual } from 'node:crypto';
import bcrypt from 'bcryptjs';
import { apr1, parseApr1 } from './apr1.ts';
import { parseShaCrypt, shaCrypt } from './sha-crypt.ts';
import { parseSsha, sshaDigest } from './ssha.ts';

/** Why a hash text cannot be used; never contains the text itself. */
export type HashProblem = 'unknown-scheme' | 'malformed' | 'too-expensive';

/** A hash text that `verifyHash` can verify. */
export interface PasswordHash {
  readonly text: string;
  /** Whether it takes milliseconds or more, so that it must not run on the event loop. */
  readonly slow: boolean;
}

/** More rounds than this would let one line of a file keep a thread for many seconds. */
const MAX_SHA_ROUNDS = 1_000_000;
const MAX_BCRYPT_COST = 15;
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const KNOWN_PREFIX = /^(\{SHA\}|\{SSHA256\}|\{SSHA512\}|\$5\$|\$6\$|\$apr1\$|\$2[aby]\$)/;

/** Whether and how this text can be verified. */
export function parseHash(text: string): PasswordHash | HashProblem {
  if (!KNOWN_PREFIX.test(text)) return 'unknown-scheme';
  if (parseSsha(text)) return { text, slow: false };
  if (parseApr1(text)) return { text, slow: true };
  const sha = parseShaCrypt(text);
  if (sha) return sha.rounds > MAX_SHA_ROUNDS ? 'too-expensive' : { text, slow: true };
  const cost = BCRYPT.exec(text)?.[1];
  if (cost === undefined || Number(cost) < 4) return 'malformed';
  return Number(cost) > MAX_BCRYPT_COST ? 'too-expensive' : { text, slow: true };
}

function equal(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Whether the password belongs to the hash; blocks while it computes; false for a bad text. */
export function verifyHash(password: string, text: string): boolean {
  const ssha = parseSsha(text);
  if (ssha) return timingSafeEqual(sshaDigest(password, ssha), ssha.digest);
  const md5 = parseApr1(text);
  if (md5) return equal(apr1(password, md5.salt), md5.checksum);
  const sha = parseShaCrypt(text);
  if (sha) return equal(shaCrypt(password, sha), sha.checksum);
  return BCRYPT.test(text) && bcrypt.compareSync(password, text);
}
