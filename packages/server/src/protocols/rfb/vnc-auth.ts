import { desEncrypt } from '../des.ts';

const KEY_BYTES = 8;

/**
 * The answer to the 16 bytes of VNC Authentication (RFC 6143, 7.2.2): both halves encrypted with DES.
 * Only the first 8 bytes of a password count, and the bits of each are the other way round.
 */
export function vncAuthAnswer(password: string, challenge: Uint8Array): Uint8Array {
  const key = new Uint8Array(KEY_BYTES);
  key.set(new TextEncoder().encode(password).subarray(0, KEY_BYTES));
  const mirrored = key.map(mirror);
  const answer = new Uint8Array(16);
  answer.set(desEncrypt(mirrored, challenge.subarray(0, 8)), 0);
  answer.set(desEncrypt(mirrored, challenge.subarray(8, 16)), 8);
  return answer;
}

function mirror(byte: number): number {
  let mirrored = 0;
  for (let bit = 0; bit < 8; bit += 1) mirrored |= ((byte >> bit) & 1) << (7 - bit);
  return mirrored;
}
