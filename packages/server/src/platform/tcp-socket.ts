import { connect, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectSecurely } from 'node:tls';
import { refuseOther } from './pinned-certificate.ts';
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

/** Whom TLS on a socket trusts: nobody in particular, one certificate, or the authorities. */
export type SocketTrust =
  /** `certificate`: whether the server shows one, which nobody looks at. */
  | { readonly kind: 'anybody'; readonly certificate: boolean }
  /** SHA-256 of the certificate, 32 bytes: it alone counts. */
  | { readonly kind: 'pinned'; readonly fingerprint: Uint8Array }
  /** `ca`: certificates in PEM, instead of those of the authorities that Node knows. */
  | { readonly kind: 'authorities'; readonly ca?: string };

/** Key exchanges without a certificate; OpenSSL has them on no level of security. */
const ANONYMOUS = {
  ciphers: 'aNULL:@SECLEVEL=0',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
} as const;

/**
 * Puts TLS on a connected socket to the host of this name or address; rejects when the server is not
 * trusted, before anything is sent through it, or with the reason of `signal`.
 */
export async function secureSocket(
  socket: Duplex,
  host: string,
  trust: SocketTrust,
  signal: AbortSignal,
): Promise<Duplex> {
  const open = () =>
    connectSecurely({
      // The name in the certificate is compared with `host`.
      ...{ socket, host, rejectUnauthorized: trust.kind === 'authorities' },
      ...(isIP(host) ? {} : { servername: host }),
      ...(trust.kind === 'authorities' && trust.ca !== undefined ? { ca: trust.ca } : {}),
      ...(trust.kind === 'anybody' && !trust.certificate ? ANONYMOUS : {}),
    });
  const secured = await whenReady(open, 'secureConnect', signal);
  const refusal = trust.kind === 'pinned' && refuseOther(secured, trust.fingerprint);
  if (refusal) throw refusal;
  return secured;
}

function whenReady<S extends Socket>(
  open: () => S,
  event: string,
  signal: AbortSignal,
): Promise<S> {
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
