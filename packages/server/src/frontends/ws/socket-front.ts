import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { KvmError, ValidatorError, valid } from '@crashcart/api';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Identity } from '../../auth/auth.ts';
import { anySignal } from '../../core/any-signal.ts';
import {
  type Connection,
  clientAddress,
  credentialsOf,
  isSecure,
  localAddressOf,
} from '../http/credentials.ts';
import { errorReply, notFound } from '../http/errors.ts';
import { splitUrl } from '../http/front.ts';
import type { Host, Services } from '../http/host.ts';
import { checkOrigin } from '../http/origin.ts';
import { type Lookup, lookupIn } from '../http/parameters.ts';
import { type Machines, placeOf } from '../http/place.ts';
import type { Reply } from '../http/reply.ts';
import { EventSocket } from './event-socket.ts';
import { Heartbeat } from './heartbeat.ts';
import { JanusSocket } from './janus-socket.ts';

/** Largest message that a client may send, bytes. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/** Heartbeats that the pong of a viewer may take: pictures on a slow line are before it. */
const MEDIA_PATIENCE = 4;
/** How long a closing handshake may take, ms. */
const CLOSE_MS = 1_000;

/** What the WebSocket front is made of. */
export interface SocketFrontOptions {
  readonly machines: Machines;
  readonly services: Services;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly closing: AbortSignal;
  /** Between two pings, ms. */
  readonly heartbeatMs: number;
}

interface Guest {
  readonly host: Host;
  readonly identity: Identity;
  readonly param: Lookup;
  readonly address: string;
}

/** Answers upgrades: who asks is looked at before the handshake. */
export class SocketFront {
  readonly paths: ReadonlySet<string> = new Set(['/ws', '/media/ws']);
  readonly #given: SocketFrontOptions;
  readonly #open = new Set<WebSocket>();
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });

  constructor(given: SocketFrontOptions) {
    this.#given = given;
  }

  /** Answers one upgrade request. */
  handle(request: IncomingMessage, socket: Duplex, head: Buffer, connection: Connection): void {
    socket.on('error', () => socket.destroy());
    this.#admit(request, socket, head, connection).catch((error) => {
      refuse(socket, errorReply(error, this.#given.services.log));
    });
  }

  /** Says goodbye to all (1001). */
  close(): void {
    for (const socket of this.#open) socket.close(1001, 'The server is stopping');
  }

  /** Ends all that did not answer the goodbye. */
  terminate(): void {
    for (const socket of this.#open) socket.terminate();
  }

  async #admit(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    connection: Connection,
  ): Promise<void> {
    const { machines, services, allowedOrigins, closing } = this.#given;
    const { path, query } = splitUrl(request.url ?? '/');
    const place = placeOf(path, connection.kind === 'unix', machines);
    const isKnown = place?.kind === 'api' && this.paths.has(place.path);
    if (!isKnown && place?.kind !== 'janus') return refuse(socket, notFound());
    if (closing.aborted) throw new KvmError('UnavailableError');
    checkOrigin(request, isSecure(request, connection), allowedOrigins);
    const address = clientAddress(request, connection);
    const credentials = credentialsOf(request, address, connection.peer);
    const identity = await services.auth.authenticate(credentials);
    if (!services.auth.may(identity, 'view')) throw new KvmError('ForbiddenError');
    const guest = { host: place.host, identity, param: lookupIn(query), address };
    const serve =
      place.kind === 'janus'
        ? this.#janus(guest, localAddressOf(connection))
        : place.path === '/ws'
          ? this.#events(guest)
          : this.#media(guest);
    if (socket.destroyed) return;
    this.#server.handleUpgrade(request, socket, head, (opened) =>
      this.#begin(opened, guest, serve),
    );
  }

  #begin(socket: WebSocket, { identity }: Guest, serve: (socket: WebSocket) => void): void {
    const release = this.#given.services.auth.hold(identity);
    const end = () => {
      socket.close(1008, 'The session has ended');
      setTimeout(() => socket.terminate(), CLOSE_MS).unref();
    };
    this.#open.add(socket);
    identity.ended.addEventListener('abort', end);
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#open.delete(socket);
      identity.ended.removeEventListener('abort', end);
      release();
    });
    if (identity.ended.aborted) end();
    else serve(socket);
  }

  /** Parameters are looked at before the handshake: a wrong one is a 400. */
  #events({ host, identity, param, address }: Guest): (socket: WebSocket) => void {
    const raw = param('stream');
    const stream = raw === undefined ? true : valid.bool(raw);
    const legacy = param('legacy');
    if (legacy !== undefined) valid.bool(legacy);
    const { auth, log } = this.#given.services;
    return (socket) => {
      new EventSocket(socket, {
        host,
        stream,
        mayInput: auth.may(identity, 'input'),
        name: `${identity.user} ${address}`,
        heartbeatMs: this.#given.heartbeatMs,
        ended: identity.ended,
        log,
      });
    };
  }

  #janus({ host }: Guest, localAddress: string | undefined): (socket: WebSocket) => void {
    const { webRtc, log } = this.#given.services;
    if (!webRtc) throw new KvmError('UnavailableError', 'WebRTC is disabled (webrtc.enabled)');
    return (socket) => {
      new JanusSocket(socket, { webRtc, machine: host, localAddress, log });
    };
  }

  #media({ host, identity, param }: Guest): (socket: WebSocket) => void {
    const raw = param('video');
    const mode = raw === undefined ? undefined : mediaMode(raw);
    const { videoFront } = this.#given.services;
    return (socket) => {
      const gone = new AbortController();
      const { heartbeatMs } = this.#given;
      const heartbeat = new Heartbeat(socket, heartbeatMs, heartbeatMs * MEDIA_PATIENCE);
      socket.once('close', () => {
        heartbeat.close();
        gone.abort();
      });
      const ended = anySignal([identity.ended, gone.signal, this.#given.closing]);
      videoFront.serveMediaSocket(socket, host.video, mode, ended);
    };
  }
}

/** The format that starts without a message; the text is PiKVM's. */
function mediaMode(raw: string): 'jpeg' | 'h264' | 'tiles' {
  if (raw === 'jpeg' || raw === 'h264' || raw === 'tiles') return raw;
  throw new ValidatorError('Unsupported video type');
}

/** Answers an upgrade as HTTP would, and closes. */
function refuse(socket: Duplex, reply: Reply): void {
  if (!socket.writable || !(reply.body instanceof Uint8Array)) {
    socket.destroy();
    return;
  }
  const headers = { ...reply.headers, connection: 'close', 'content-length': reply.body.length };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status]}\r\n${lines.join('')}\r\n`);
  socket.end(reply.body, () => socket.destroy());
}
