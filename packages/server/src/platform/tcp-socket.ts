import { connect, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectSecurely } from 'node:tls';
import { sharedLookup } from './shared-lookup.ts';

/** Connects to a TCP port; rejects with the system's error, or with the reason of `signal`. */
export function connectTcp(host: string, port: number, signal: AbortSignal): Promise<Duplex> {
  const open = () => connect({ host, port, noDelay: true, lookup: sharedLookup });
  return whenReady(open, 'connect', signal);
}

/** Whom a TLS connection trusts. */
export interface TlsTrust {
  /** False: any certificate will do. */
  readonly verify: boolean;
  /** Certificates in PEM, instead of those of the authorities that Node knows. */
  readonly ca?: string;
}

/** As `connectTcp`, with TLS; rejects also when the server's certificate is not trusted. */
export function connectTls(
  host: string,
  port: number,
  { verify, ...trust }: TlsTrust,
  signal: AbortSignal,
): Promise<Duplex> {
  const name = isIP(host) ? {} : { servername: host };
  const open = () =>
    connectSecurely({
      ...{ host, port, lookup: sharedLookup, rejectUnauthorized: verify },
      ...name,
      ...trust,
    }).setNoDelay();
  return whenReady(open, 'secureConnect', signal);
}

function whenReady(open: () => Socket, event: string, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const socket = open();
    // Whoever uses it learns of later errors from the stream; nobody may be there just then.
    socket.on('error', () => undefined);
    const settle = () => {
      signal.removeEventListener('abort', aborted);
      socket.off(event, ready);
      socket.off('error', failed);
    };
    const ready = () => {
      settle();
      resolve(socket);
    };
    const failed = (error: Error) => {
      settle();
      socket.destroy();
      reject(error);
    };
    const aborted = () => failed(signal.reason);
    socket.once(event, ready);
    socket.once('error', failed);
    signal.addEventListener('abort', aborted, { once: true });
  });
}
