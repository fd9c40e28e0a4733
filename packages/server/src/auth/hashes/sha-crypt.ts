import { createHash } from 'node:crypto';
import { encodeCrypt64 } from './crypt64.ts';

/**
 * SHA-crypt: the `$5$` (SHA-256) and `$6$` (SHA-512) passwords of crypt(3), after Ulrich Drepper's
 * "Unix crypt using SHA-256 and SHA-512", version 0.4. The numbers of its steps are in the code.
 *
 *     $6$[rounds=N$]salt$checksum
 */
export interface ShaCryptHash {
  readonly algorithm: 'sha256' | 'sha512';
  /** As the text says, or 5000. */
  readonly rounds: number;
  /** At most 16 characters. */
  readonly salt: string;
  readonly checksum: string;
}

const PATTERN = /^\$([56])\$(?:rounds=(\d{1,9})\$)?([^$:\n]{0,64})\$([./0-9A-Za-z]+)$/;
const DEFAULT_ROUNDS = 5000;
const MIN_ROUNDS = 1000;
const CHECKSUM_LENGTH = { sha256: 43, sha512: 86 };
const SALT_LIMIT = 16;

// The order of the digest's bytes in the checksum (step 22).
const GROUPS_256: (readonly number[])[] = [];
for (let i = 0; i < 10; i++) {
  const group = [i, i + 10, i + 20];
  const turn = (3 - (i % 3)) % 3;
  GROUPS_256.push([...group.slice(turn), ...group.slice(0, turn)]);
}
GROUPS_256.push([-1, 31, 30]);
const GROUPS_512: (readonly number[])[] = [];
for (let i = 0; i < 21; i++) {
  const group = [i, i + 21, i + 42];
  const turn = i % 3;
  GROUPS_512.push([...group.slice(turn), ...group.slice(0, turn)]);
}
GROUPS_512.push([-1, -1, 63]);

/** The parts of such a text; undefined when it is none. */
export function parseShaCrypt(text: string): ShaCryptHash | undefined {
  const match = PATTERN.exec(text);
  const checksum = match?.[4];
  if (checksum === undefined) return undefined;
  const algorithm = match?.[1] === '5' ? 'sha256' : 'sha512';
  if (checksum.length !== CHECKSUM_LENGTH[algorithm]) return undefined;
  return {
    algorithm,
    rounds: Math.max(MIN_ROUNDS, Number(match?.[2] ?? DEFAULT_ROUNDS)),
    salt: (match?.[3] ?? '').slice(0, SALT_LIMIT),
    checksum,
  };
}

/** `length` bytes of `block` repeated. */
function stretch(block: Uint8Array, length: number): Buffer {
  const stretched = Buffer.alloc(length);
  for (let at = 0; at < length; at += block.length) {
    stretched.set(block.subarray(0, Math.min(block.length, length - at)), at);
  }
  return stretched;
}

/** The checksum of a password; blocks for about 10 ms at 5000 rounds. */
export function shaCrypt(
  password: string,
  { algorithm, rounds, salt }: Omit<ShaCryptHash, 'checksum'>,
): string {
  const key = Buffer.from(password);
  const saltBytes = Buffer.from(salt);
  const digest = (...parts: readonly Uint8Array[]): Buffer => {
    const hash = createHash(algorithm);
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  const b = digest(key, saltBytes, key); // 4-8
  const parts: Uint8Array[] = [key, saltBytes, stretch(b, key.length)]; // 1-3, 9-10
  for (let n = key.length; n > 0; n >>= 1) parts.push(n & 1 ? b : key); // 11
  let a = digest(...parts); // 12
  const p = stretch(digest(...Array<Uint8Array>(key.length).fill(key)), key.length); // 13-16
  const saltRepeats = 16 + (a[0] ?? 0);
  const s = stretch(digest(...Array<Uint8Array>(saltRepeats).fill(saltBytes)), saltBytes.length); // 17-20
  for (let round = 0; round < rounds; round++) {
    const steps: Uint8Array[] = [round & 1 ? p : a]; // 21
    if (round % 3) steps.push(s);
    if (round % 7) steps.push(p);
    steps.push(round & 1 ? a : p);
    a = digest(...steps);
  }
  return encodeCrypt64(a, algorithm === 'sha256' ? GROUPS_256 : GROUPS_512);
}
