import type { Buffer } from 'node:buffer';
import { TextDecoder } from 'node:util';
import { ValidatorError } from '@crashcart/api';

/** The text of a body, in the charset that its content type names (UTF-8). Throws ValidatorError. */
export function bodyText(contentType: string | undefined, body: Buffer): string {
  const charset = charsetOf(contentType);
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(charset, { fatal: true });
  } catch {
    throw new ValidatorError(`The charset '${charset}' of the body is not known`);
  }
  try {
    return decoder.decode(body);
  } catch {
    throw new ValidatorError(`The body is not valid text in ${charset}`);
  }
}

function charsetOf(contentType: string | undefined): string {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType ?? '')?.[1] ?? 'utf-8';
  // Python's name, which PiKVM takes; the standard of TextDecoder has it without the hyphen.
  return charset.toLowerCase().replace(/^latin-1$/, 'latin1');
}
