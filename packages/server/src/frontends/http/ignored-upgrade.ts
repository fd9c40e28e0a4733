import { Buffer } from 'node:buffer';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

/** Headers of the wish itself; of `Connection` only these words go. */
const WISHES = new Set(['upgrade', 'http2-settings']);

/** Whether a client wants to speak WebSocket on this connection. */
export function wantsWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.trim().toLowerCase() === 'websocket';
}

/**
 * Serves a request as if it had no wish to upgrade, as RFC 9110, 7.8 lets a server do: Java's client
 * and `curl --http2` send `Upgrade: h2c` with whatever they ask. Node has let go of the connection
 * then, so it gets it anew, with what was read of it.
 */
export function ignoreUpgrade(
  server: Server,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  if (head.length > 0) socket.unshift(head);
  socket.unshift(Buffer.from(headWithoutWish(request), 'latin1'));
  server.emit(socket instanceof TLSSocket ? 'secureConnection' : 'connection', socket);
}

function headWithoutWish({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const value = rawHeaders[at + 1] ?? '';
    if (WISHES.has(name.toLowerCase())) continue;
    lines.push(`${name}: ${name.toLowerCase() === 'connection' ? withoutWishes(value) : value}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function withoutWishes(connection: string): string {
  const words = connection.split(',').map((word) => word.trim());
  return words.filter((word) => !WISHES.has(word.toLowerCase())).join(', ');
}
