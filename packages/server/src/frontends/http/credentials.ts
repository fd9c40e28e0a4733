import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Credentials } from '../../auth/auth.ts';
import { cookieOf } from './parameters.ts';

/** The name of the session cookie. */
export const TOKEN_COOKIE = 'auth_token';

/** Who is at the other end of a unix socket. */
export interface Peer {
  readonly uid: number;
  readonly gid: number;
}

/** What a request says about who sent it; a missing or empty value is left out. */
export function credentialsOf(
  request: IncomingMessage,
  address: string,
  peer: Peer | undefined,
): Credentials {
  const { headers } = request;
  const credentials: { -readonly [K in keyof Credentials]: Credentials[K] } = { address };
  const xUser = headers['x-kvmd-user'];
  if (typeof xUser === 'string' && xUser !== '') {
    credentials.xUser = xUser;
    const xPasswd = headers['x-kvmd-passwd'];
    if (typeof xPasswd === 'string') credentials.xPasswd = xPasswd;
  }
  const token = cookieOf(headers.cookie, TOKEN_COOKIE);
  if (token !== undefined) credentials.token = token;
  if (headers.authorization !== undefined) credentials.authorization = headers.authorization;
  // What a proxy passes on is not its own, whoever it runs as.
  if (peer !== undefined && headers['x-real-ip'] === undefined) credentials.peer = peer;
  return credentials;
}

/** How the connection came in; one per socket. */
export interface Connection {
  readonly kind: 'tcp' | 'unix';
  readonly encrypted: boolean;
  /** May be believed in what it says of its client (X-Real-IP, X-Forwarded-Proto). */
  readonly trusted: boolean;
  /** '' for a unix socket. */
  readonly address: string;
  readonly peer: Peer | undefined;
  readonly socket: Socket;
}

/** The client's own address: what a trusted proxy says, else the peer's. */
export function clientAddress(request: IncomingMessage, connection: Connection): string {
  if (connection.trusted) {
    const real = request.headers['x-real-ip'];
    if (typeof real === 'string' && real !== '') return real.trim().slice(0, 64);
  }
  return connection.address;
}

/** The address of this host that the client itself has reached; undefined behind a proxy. */
export function localAddressOf({ kind, trusted, socket }: Connection): string | undefined {
  return kind === 'unix' || trusted ? undefined : plainAddress(socket.localAddress) || undefined;
}

/** An IPv4 address in IPv6 clothes is written as IPv4. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}

/** Whether the client's own connection is encrypted. */
export function isSecure(request: IncomingMessage, connection: Connection): boolean {
  if (connection.encrypted) return true;
  return connection.trusted && request.headers['x-forwarded-proto'] === 'https';
}
