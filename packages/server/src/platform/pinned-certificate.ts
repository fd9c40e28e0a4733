import type { TLSSocket } from 'node:tls';

/**
 * Ends a connection whose server shows another certificate than the one with this SHA-256 of 32
 * bytes; the error tells what it shows. Undefined when it is the one.
 */
export function refuseOther(socket: TLSSocket, fingerprint: Uint8Array): Error | undefined {
  const seen = socket.getPeerCertificate().fingerprint256 ?? '';
  if (Buffer.from(seen.replaceAll(':', ''), 'hex').equals(fingerprint)) return undefined;
  socket.destroy();
  return new Error(`The certificate is another one: ${seen}`);
}
