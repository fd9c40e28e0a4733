import { createSocket } from 'node:dgram';
import { firstAddress } from './shared-lookup.ts';

/** One question over UDP. */
export interface UdpExchange<T> {
  readonly host: string;
  readonly port: number;
  readonly request: Uint8Array;
  /** What a datagram means; it throws for one that is no answer, and the waiting goes on. */
  readonly read: (datagram: Uint8Array) => T;
  /** Time until the request is sent again, ms. */
  readonly resendMs: number;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

/**
 * The first datagram of the server that is an answer. The request is sent again until one comes.
 * Rejects when the signal ends it, with what was wrong with the last datagram, if any came.
 */
export async function udpExchange<T>(exchange: UdpExchange<T>): Promise<T> {
  const { host, port, request, read, resendMs, signal } = exchange;
  const { address, family } = await firstAddress(host);
  signal.throwIfAborted();
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      let wrong: unknown;
      const end = () => reject(wrong ?? signal.reason);
      signal.addEventListener('abort', end, { once: true });
      socket.on('error', reject);
      socket.on('message', (datagram) => {
        try {
          resolve(read(datagram));
        } catch (error) {
          wrong = error;
        }
      });
      // Connected: the kernel drops what others send, and tells when nobody listens.
      socket.connect(port, address, () => {
        socket.send(request);
        timer = setInterval(() => socket.send(request), resendMs);
      });
    });
  } finally {
    clearInterval(timer);
    socket.close();
  }
}
