import type { IncomingMessage, ServerResponse } from 'node:http';
import { KvmError } from '@crashcart/api';
import { type Reply, sendHead } from './reply.ts';

/** How long what a client still sends is thrown away after an early answer, ms. */
const LINGER_MS = 2000;

/** A body that is too long to keep. */
export interface Upload {
  /** The Content-Length header as sent. */
  readonly length: string | undefined;
  /** The bytes as they come, once. Throws MsdUploadBrokenError when the client goes or stalls. */
  chunks(): AsyncGenerator<Uint8Array>;
}

/** The body of a request; `idleMs` is how long a client may pause, `ended` when it is over. */
export function uploadOf(
  request: IncomingMessage,
  response: ServerResponse,
  { idleMs, ended }: { readonly idleMs: number; readonly ended: AbortSignal },
): Upload {
  return {
    length: request.headers['content-length'],
    async *chunks() {
      if (isContinueExpected(request)) response.writeContinue();
      const stop = () => request.destroy();
      let isOurTurn = false;
      const timer = setTimeout(() => {
        if (isOurTurn) timer.refresh();
        else stop();
      }, idleMs);
      ended.addEventListener('abort', stop);
      try {
        if (ended.aborted) throw ended.reason;
        // The request must outlive a failed upload, or its answer would be lost with it.
        for await (const chunk of request.iterator({ destroyOnReturn: false })) {
          isOurTurn = true;
          yield chunk;
          isOurTurn = false;
          timer.refresh();
        }
      } catch (error) {
        throw new KvmError('MsdUploadBrokenError', undefined, { cause: error });
      } finally {
        clearTimeout(timer);
        ended.removeEventListener('abort', stop);
      }
    },
  };
}

/** Whether the client waits to be told that its body is wanted. */
export function isContinueExpected(request: IncomingMessage): boolean {
  return request.headers.expect?.toLowerCase() === '100-continue';
}

/**
 * Answers a request whose body has not been read. What the client still sends is thrown away for
 * a while: a connection that is closed with unread data takes the answer along.
 */
export function sendEarly(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply & { readonly body: Uint8Array },
): void {
  if (response.destroyed) return;
  sendHead(response, reply, { connection: 'close', 'content-length': String(reply.body.length) });
  response.write(reply.body);
  const end = () => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  request.once('end', end);
  request.once('close', end);
  request.resume();
}
