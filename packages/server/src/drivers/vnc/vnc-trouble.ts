import { RfbError } from '../../protocols/rfb/limits.ts';
import { placeOf, type VncServer } from './vnc-server.ts';

/** Characters of a server's own words. */
const MAX_TEXT = 200;

/** A server that is there and says nothing. */
export class SilentServer extends Error {
  override readonly name = 'SilentServer';
}

/** Whether trying again soon cannot help, and could lock an account. */
export function isRefusal(error: unknown): boolean {
  return error instanceof RfbError && error.kind !== 'protocol';
}

/** Why there is no connection to a VNC server and what to do, as a sentence for a person. */
export function vncTrouble(error: unknown, server: VncServer): string {
  const place = placeOf(server);
  if (error === undefined) return `The VNC server at ${place} closed the connection.`;
  if (error instanceof SilentServer) return `The VNC server at ${place} does not answer.`;
  if (error instanceof RfbError) return `${withStop(plain(error.message))}${hintFor(error)}`;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text = error instanceof Error ? error.message : String(error);
  switch (code) {
    case 'ECONNREFUSED':
      return `No VNC server listens on ${place}.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The host ${server.host} of the VNC server is not known.`;
    case 'ECONNRESET':
    case 'EPIPE':
      return `The VNC server at ${place} broke the connection.`;
    case 'ETIMEDOUT':
      return `The VNC server at ${place} does not answer.`;
    default:
      return `The VNC server at ${place} cannot be reached: ${withStop(text)}`;
  }
}

/** What a server says of itself, as one short line. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').slice(0, MAX_TEXT);
}

function withStop(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** OpenSSL's names of a certificate that nobody vouches for, and Node's of another host's. */
const UNTRUSTED = /CERT|ISSUER|SIGNATURE/;

function hintFor({ kind, message, cause }: RfbError): string {
  if (kind !== 'refused') return '';
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (UNTRUSTED.test(code) || /another one/.test(message)) {
    return ' Name its authorities in remote_vnc.ca, or its own SHA-256 in remote_vnc.fingerprint.';
  }
  if (message.includes('the password')) {
    return ' Look at remote_vnc.passwd_file and remote_vnc.user.';
  }
  return '';
}
