import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Time-based one-time passwords: RFC 6238 over RFC 4226, SHA-1, 30 s, 6 digits. Codes may be used
 * again within their window: clients without a session send the same one with each request.
 */
export const TOTP_DIGITS = 6;
const STEP_MS = 30_000;
const WINDOW = 1;
const MIN_SECRET_BYTES = 5;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The bytes of a base32 secret (any case, blanks and padding ignored); undefined when it is bad. */
export function decodeBase32(text: string): Uint8Array | undefined {
  const digits = text.replace(/[\s-]/g, '').replace(/=+$/, '').toUpperCase();
  const bytes: number[] = [];
  let bits = 0;
  let word = 0;
  for (const digit of digits) {
    const value = BASE32.indexOf(digit);
    if (value < 0) return undefined;
    word = ((word << 5) | value) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((word >> bits) & 0xff);
  }
  return bytes.length < MIN_SECRET_BYTES ? undefined : Uint8Array.from(bytes);
}

/** Base32 without padding. */
export function encodeBase32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let word = 0;
  for (const byte of bytes) {
    word = ((word << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; ) {
      bits -= 5;
      text += BASE32.charAt((word >> bits) & 31);
    }
  }
  return bits > 0 ? text + BASE32.charAt((word << (5 - bits)) & 31) : text;
}

/** The code of a moment (ms since 1970), `digits` long. */
export function totpCode(secret: Uint8Array, atMs: number, digits = TOTP_DIGITS): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.max(0, Math.floor(atMs / STEP_MS))));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = (mac[19] ?? 0) & 0xf;
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}

/** Whether this is the code of now, of the step before or of the step after. */
export function isTotpCode(secret: Uint8Array, code: string, atMs: number): boolean {
  const given = Buffer.from(code);
  let right = false;
  for (let step = -WINDOW; step <= WINDOW; step++) {
    const expected = Buffer.from(totpCode(secret, atMs + step * STEP_MS));
    if (given.length === expected.length && timingSafeEqual(given, expected)) right = true;
  }
  return right;
}
