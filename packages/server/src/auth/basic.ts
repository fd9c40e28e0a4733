import { KvmError } from '@crashcart/api';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * User and password of a Basic `Authorization` header (RFC 7617), split at the first ':'. Undefined
 * for other schemes; UnauthorizedError for a Basic one that cannot be read.
 */
export function parseBasic(
  header: string,
): { readonly user: string; readonly passwd: string } | undefined {
  if (header.slice(0, 6).toLowerCase() !== 'basic ') return undefined;
  const encoded = header.slice(6).trim();
  const text = BASE64.test(encoded) ? Buffer.from(encoded, 'base64').toString('utf8') : '';
  const colon = text.indexOf(':');
  if (colon < 0) throw new KvmError('UnauthorizedError');
  return { user: text.slice(0, colon), passwd: text.slice(colon + 1) };
}
