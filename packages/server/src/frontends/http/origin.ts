import type { IncomingMessage } from 'node:http';
import { KvmError } from '@crashcart/api';

/**
 * Refuses a request that another site's page made: a present Origin must be this very host, or a
 * configured one. Tools send none, which is allowed. Throws ForbiddenError.
 */
export function checkOrigin(
  request: IncomingMessage,
  secure: boolean,
  allowed: ReadonlySet<string>,
): void {
  const { origin, host } = request.headers;
  if (origin === undefined) return;
  if (host !== undefined && host !== '') {
    if (origin === `https://${host}`) return;
    // Over TLS a page of plain HTTP is another site: anyone on the way could have written it.
    if (!secure && origin === `http://${host}`) return;
  }
  if (allowed.has(origin)) return;
  throw new KvmError('ForbiddenError');
}

/** Methods that change nothing need no Origin. */
export function changesState(method: string | undefined): boolean {
  return method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS';
}
