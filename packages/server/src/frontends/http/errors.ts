import { ApiError, KvmError, STATUS_OF_KIND } from '@crashcart/api';
import type { Log } from '../../core/log.ts';
import { encodeError } from './envelope.ts';
import { jsonReply, type Reply, textReply } from './reply.ts';

/** `404: Not Found`, before anybody is asked who they are. */
export const notFound = (): Reply => textReply(404, '404: Not Found');

/** `405: Method Not Allowed` with what is allowed. */
export const methodNotAllowed = (allow: string): Reply =>
  textReply(405, '405: Method Not Allowed', { allow });

/** The path is written differently: `308: Permanent Redirect`. */
export const permanentRedirect = (location: string): Reply =>
  textReply(308, '308: Permanent Redirect', { location });

/** The body is larger than it may be. */
export const tooLarge = (): Reply =>
  textReply(413, '413: Request Entity Too Large', { connection: 'close' });

/** The answer for anything that a handler, a validator or a parser threw. */
export function errorReply(error: unknown, log: Log): Reply {
  if (error instanceof KvmError) {
    const body = encodeError(error.name, error.message);
    return jsonReply(STATUS_OF_KIND[error.kind], body, retryAfter(error));
  }
  // What another server says of its own machine passes as it is.
  if (error instanceof ApiError) {
    return jsonReply(error.status, encodeError(error.name, error.message));
  }
  const status = statusOfParserError(error);
  if (status === 413) return tooLarge();
  if (status !== undefined) {
    return textReply(status, `${status}: Bad Request`, { connection: 'close' });
  }
  log.error({ err: error }, 'A request failed unexpectedly');
  return textReply(500, '500 Internal Server Error\n\nServer got itself in trouble');
}

/** The `result` of an error in the middle of an answer that has begun well. */
export function errorFields(
  error: unknown,
  log: Log,
): { readonly error: string; readonly error_msg: string } {
  if (error instanceof KvmError || error instanceof ApiError) {
    return { error: error.name, error_msg: error.message };
  }
  log.error({ err: error }, 'A request failed unexpectedly');
  return { error: 'InternalServerError', error_msg: 'Server got itself in trouble' };
}

/** Throttled errors say after how many seconds it is worth to come again. */
function retryAfter(error: KvmError): Readonly<Record<string, string>> {
  if (!('retryAfterS' in error) || typeof error.retryAfterS !== 'number') return {};
  return { 'retry-after': String(Math.max(1, Math.ceil(error.retryAfterS))) };
}

/** Parsers of the HTTP framework throw errors with a status of the client's fault. */
function statusOfParserError(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  const { statusCode } = error;
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode >= 500) return undefined;
  return statusCode === 413 ? 413 : 400;
}
