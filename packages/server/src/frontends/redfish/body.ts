import type { IncomingMessage, ServerResponse } from 'node:http';
import { isContinueExpected } from '../http/upload.ts';

/** How much a client may send, and for how long. */
export interface BodyLimits {
  readonly bodyBytes: number;
  /** A client that needs longer is cut off, ms. */
  readonly requestTimeoutMs: number;
}

/** The body is larger than it may be; front ends answer 413. */
class BodyTooLargeError extends Error {
  readonly statusCode = 413;
}

/** Reads a small body whole. Throws BodyTooLargeError, or the error of a connection that broke. */
export async function bodyOf(
  request: IncomingMessage,
  response: ServerResponse,
  limits: BodyLimits,
): Promise<Buffer> {
  const tooLarge = new BodyTooLargeError('The body is too large');
  if (Number(request.headers['content-length'] ?? 0) > limits.bodyBytes) throw tooLarge;
  if (isContinueExpected(request)) response.writeContinue();
  const timer = setTimeout(() => request.destroy(), limits.requestTimeoutMs);
  try {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      size += chunk.length;
      if (size > limits.bodyBytes) throw tooLarge;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } finally {
    clearTimeout(timer);
  }
}

/** The JSON object in a body, whatever its content type says; undefined when it is none. */
export function objectIn(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
