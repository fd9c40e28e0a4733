import { createHash, randomBytes } from 'node:crypto';

/** `{SSHA512}`, `{SSHA256}`: base64(digest + salt), RFC 2307 style; `{SHA}` has no salt. */
export interface SshaHash {
  readonly algorithm: 'sha1' | 'sha256' | 'sha512';
  readonly digest: Uint8Array;
  readonly salt: Uint8Array;
}

const PATTERN = /^\{(SHA|SSHA256|SSHA512)\}([A-Za-z0-9+/]{1,400}={0,2})$/;
const KINDS = {
  SHA: { algorithm: 'sha1', bytes: 20 },
  SSHA256: { algorithm: 'sha256', bytes: 32 },
  SSHA512: { algorithm: 'sha512', bytes: 64 },
} as const;
const NEW_SALT_BYTES = 16;

/** The parts of such a text; undefined when it is none, or when its length cannot be right. */
export function parseSsha(text: string): SshaHash | undefined {
  const match = PATTERN.exec(text);
  if (match?.[2] === undefined) return undefined;
  const { algorithm, bytes } = KINDS[match[1] as keyof typeof KINDS];
  const data = Buffer.from(match[2], 'base64');
  const salted = algorithm !== 'sha1';
  if (salted ? data.length <= bytes : data.length !== bytes) return undefined;
  return { algorithm, digest: data.subarray(0, bytes), salt: data.subarray(bytes) };
}

/** The digest of a password with the algorithm and salt of `hash`. */
export function sshaDigest(password: string, hash: Omit<SshaHash, 'digest'>): Buffer {
  return createHash(hash.algorithm).update(password).update(hash.salt).digest();
}

/** A new `{SSHA512}` text with a random salt, as PiKVM's htpasswd tool writes it. */
export function newSsha512(password: string): string {
  const salt = randomBytes(NEW_SALT_BYTES);
  const digest = sshaDigest(password, { algorithm: 'sha512', salt });
  return `{SSHA512}${Buffer.concat([digest, salt]).toString('base64')}`;
}
