import { z } from 'zod';

const ERROR = 'must be a SHA-256 fingerprint in hexadecimal';
const FINGERPRINT = /^([\da-f]{2}(:?[\da-f]{2}){31})?$/i;

/** SHA-256 of a certificate in hexadecimal, with or without colons; '' = none. */
export const fingerprint = () => z.string(ERROR).regex(FINGERPRINT, ERROR).default('');

/** Its bytes; undefined for none. */
export function fingerprintBytes(text: string): Uint8Array | undefined {
  return text === '' ? undefined : Buffer.from(text.replaceAll(':', ''), 'hex');
}
