import { createHmac } from 'node:crypto';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const STEP_MS = 30_000;

/** The code of a base32 secret, `offset` steps from now (RFC 6238: SHA-1, 6 digits, 30 s). */
export function totp(secret, offset) {
  const key = [];
  let bits = 0;
  let count = 0;
  for (const char of secret) {
    bits = ((bits << 5) | BASE32.indexOf(char)) & 0xfff;
    count += 5;
    if (count >= 8) {
      count -= 8;
      key.push((bits >> count) & 0xff);
    }
  }
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / STEP_MS) + offset));
  const digest = createHmac('sha1', Buffer.from(key)).update(step).digest();
  const code = digest.readUInt32BE(digest.at(-1) & 15) & 0x7fffffff;
  return String(code % 1_000_000).padStart(6, '0');
}

/** Fills `{{name}}`, `{{name|upper}}`, `{{totp:N}}` and `{{base64:…}}`; unknown names stay. */
export function fill(text, values) {
  return text
    .replace(/\{\{totp:(-?\d+)\}\}/g, (_, offset) => totp(values.totp_secret ?? '', Number(offset)))
    .replace(/\{\{base64:([^}]*)\}\}/g, (_, plain) => Buffer.from(plain).toString('base64'))
    .replace(/\{\{(\w+)(\|upper)?\}\}/g, (whole, name, upper) => {
      const value = values[name];
      if (value === undefined) return whole;
      return upper ? value.toUpperCase() : value;
    });
}

/** Fills all texts of a value but those in `keep`, which the comparison knows. */
export function deepFill(value, values, keep = []) {
  const known = { ...values };
  for (const name of keep) delete known[name];
  return JSON.parse(fill(JSON.stringify(value), known));
}
