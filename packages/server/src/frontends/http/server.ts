import { setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { WebRtc } from '../../video/webrtc.ts';
import { RedfishFront } from '../redfish/redfish-front.ts';
import { SocketFront } from '../ws/socket-front.ts';
import { AddressCounter } from './address-counter.ts';
import { BodyApp } from './body-app.ts';
import { type Connection, type Peer, plainAddress } from './credentials.ts';
import { EncodedStates } from './envelope.ts';
import { Front } from './front.ts';
import { HidSessions } from './hid-sessions.ts';
import type { Host, Services } from './host.ts';
import { ignoreUpgrade, wantsWebSocket } from './ignored-upgrade.ts';
import { HTTP_LIMITS, type HttpLimits } from './limits.ts';
import { openApiSource } from './openapi.ts';
import { type PageFiles, PageServer } from './page-files.ts';
import { routesOfContract } from './routes.ts';
import { WhepViewers } from './whep-viewers.ts';

export type { Host } from './host.ts';

/** What the HTTP server is made of. */
export interface HttpServerOptions
  extends Pick<Services, 'auth' | 'log' | 'logReader' | 'videoFront'> {
  readonly machines: ReadonlyMap<string, Host>;
  /** The machine of `/api/…`; a key of `machines`. */
  readonly defaultMachine: string;
  /** crashcart's own, for the description of the API. */
  readonly version: string;
  /** Without it there is no WebRTC; closed by the caller. */
  readonly webRtc?: WebRtc;
  /** The files of the page; without them there is only the API. */
  readonly page?: PageFiles;
  readonly limits?: Partial<HttpLimits>;
  /** Origins of other pages that may use the API, e.g. `https://kvm.example`. */
  readonly allowedOrigins?: readonly string[];
  /** Addresses of proxies whose X-Real-IP and X-Forwarded-Proto are believed. */
  readonly trustedProxies?: readonly string[];
  /** Where a login may redirect to. */
  readonly loginRedirects?: readonly string[];
  /** Whether metrics are given without a login. */
  readonly publicMetrics?: boolean;
  /** Who is at the other end of a unix socket; without it peers are never trusted. */
  readonly peerCredentials?: (socket: Socket) => Peer | undefined;
  /** Keeps what waits in the system for a TCP client short, so that it is of now. */
  readonly limitUnsent?: (socket: Socket) => void;
}

/** Where to listen. */
export type ListenOptions =
  | {
      readonly host: string;
      /** 0 = any free one. */
      readonly port: number;
      readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer };
    }
  | { readonly path: string };

/** The HTTP and WebSocket front end; it may listen at several places. */
export interface HttpServer {
  /** Resolves when it listens, with the port (0 for a unix socket). */
  listen(options: ListenOptions): Promise<{ readonly port: number }>;
  /** Stops accepting, ends streams and sockets (1001), and waits a bounded time for the rest. */
  close(): Promise<void>;
}

const LOGIN_REDIRECTS = ['/', '/kvm', '/kvm/', '/login', '/login/'];
/** From listening to the loading of what reads bodies, ms. */
const BODIES_MS = 200;
/** How often Node looks for connections that are too slow. */
const LONGEST_CHECK_MS = 5_000;

/** Makes the front end; it serves nothing until `listen`. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  return new KvmHttpServer(options);
}

class KvmHttpServer implements HttpServer {
  readonly #options: HttpServerOptions;
  readonly #limits: HttpLimits;
  readonly #front: Front;
  readonly #sockets: SocketFront;
  readonly #bodies: BodyApp;
  readonly #hidSessions = new HidSessions();
  readonly #servers = new Set<Server>();
  readonly #open = new WeakMap<Socket, Connection>();
  readonly #perAddress: AddressCounter;
  readonly #proxies: ReadonlySet<string>;
  readonly #closing = new AbortController();

  constructor(options: HttpServerOptions) {
    this.#options = options;
    // Every open socket listens.
    setMaxListeners(0, this.#closing.signal);
    this.#limits = { ...HTTP_LIMITS, ...options.limits };
    this.#perAddress = new AddressCounter(this.#limits.connectionsPerAddress);
    this.#proxies = new Set(options.trustedProxies);
    const { auth, log, logReader, videoFront } = options;
    const services: Services = {
      ...{ auth, log, logReader, videoFront },
      webRtc: options.webRtc,
      whepViewers: new WhepViewers(),
      encoded: new EncodedStates(),
      hidSessions: this.#hidSessions,
      loginRedirects: (options.loginRedirects ?? LOGIN_REDIRECTS).map((path) => path.toLowerCase()),
    };
    const routes = routesOfContract(options.publicMetrics ? ['exportPrometheusMetrics'] : []);
    const machines = { machines: options.machines, defaultMachine: options.defaultMachine };
    const allowedOrigins = new Set(options.allowedOrigins);
    const closing = this.#closing.signal;
    this.#bodies = new BodyApp(routes, this.#limits);
    const heartbeatMs = this.#limits.heartbeatMs;
    this.#sockets = new SocketFront({ machines, services, allowedOrigins, closing, heartbeatMs });
    this.#front = new Front({
      ...{ machines, services, routes, allowedOrigins, closing },
      socketPaths: this.#sockets.paths,
      bodies: this.#bodies,
      redfish: new RedfishFront({ services, allowedOrigins, limits: this.#limits }),
      page: options.page && new PageServer(options.page),
      openApi: openApiSource(options.version),
      limits: this.#limits,
    });
  }

  async listen(where: ListenOptions): Promise<{ readonly port: number }> {
    const server = this.#createServer(where);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      const listening = () => {
        server.off('error', reject);
        resolve();
      };
      if ('path' in where) server.listen(where.path, listening);
      else server.listen(where.port, where.host, listening);
    });
    this.#servers.add(server);
    // Soon, but after those who waited for the server have had their first answer.
    setTimeout(() => void this.#bodies.ready().catch(() => undefined), BODIES_MS).unref();
    const address = server.address() as AddressInfo | string | null;
    return { port: typeof address === 'object' && address ? address.port : 0 };
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('closed'));
    this.#sockets.close();
    const closed = [...this.#servers].map(
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    );
    for (const server of this.#servers) server.closeIdleConnections();
    const timer = setTimeout(() => {
      for (const server of this.#servers) server.closeAllConnections();
      this.#sockets.terminate();
    }, this.#limits.closeMs);
    await Promise.all(closed);
    clearTimeout(timer);
    this.#hidSessions.close();
    await this.#bodies.close();
  }

  #createServer(where: ListenOptions): Server {
    const { headersTimeoutMs, keepAliveMs, headerBytes } = this.#limits;
    const common = {
      headersTimeout: headersTimeoutMs,
      // An upload may take hours: how long a body may take depends on what it is for.
      requestTimeout: 0,
      keepAliveTimeout: keepAliveMs,
      maxHeaderSize: headerBytes,
      connectionsCheckingInterval: Math.min(LONGEST_CHECK_MS, Math.ceil(headersTimeoutMs / 4)),
      noDelay: true,
    };
    const kind = 'path' in where ? 'unix' : 'tcp';
    const tls = 'path' in where ? undefined : where.tls;
    // Clients show no certificates, so Node need not read those of the world's authorities.
    const server = tls ? createTlsServer({ ...common, ...tls, ca: [] }) : createServer(common);
    if (kind === 'tcp') server.on('connection', (socket: Socket) => this.#admit(socket));
    const handle = (request: IncomingMessage, response: ServerResponse) => {
      if (this.#closing.signal.aborted) response.shouldKeepAlive = false;
      this.#front.handle(request, response, this.#connectionOf(request.socket, kind));
    };
    server.on('request', handle);
    // Who asks before sending a body is told when it is wanted, not earlier.
    server.on('checkContinue', handle);
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const connection = this.#connectionOf(request.socket, kind);
      if (wantsWebSocket(request)) this.#sockets.handle(request, socket, head, connection);
      else ignoreUpgrade(server, request, socket, head);
    });
    server.on('clientError', answerClientError);
    return server;
  }

  /** Counts a connection; one too many is closed before it costs anything more. */
  #admit(socket: Socket): void {
    // It comes again after an upgrade that was ignored.
    if (this.#open.has(socket)) return;
    this.#options.limitUnsent?.(socket);
    const address = plainAddress(socket.remoteAddress);
    if (this.#proxies.has(address)) return;
    if (!this.#perAddress.enter(address)) {
      this.#options.log.debug({ address }, 'Too many connections from one address');
      socket.destroy();
      return;
    }
    socket.once('close', () => this.#perAddress.leave(address));
  }

  #connectionOf(socket: Socket, kind: Connection['kind']): Connection {
    let connection = this.#open.get(socket);
    if (connection === undefined) {
      const address = kind === 'unix' ? '' : plainAddress(socket.remoteAddress);
      connection = {
        kind,
        encrypted: socket instanceof TLSSocket,
        trusted: kind === 'unix' || this.#proxies.has(address),
        address,
        peer: kind === 'unix' ? this.#options.peerCredentials?.(socket) : undefined,
        socket,
      };
      this.#open.set(socket, connection);
    }
    return connection;
  }
}

const CLIENT_ERRORS: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};

/** Answers what was no HTTP request, and closes. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (socket.writable && error.code !== 'ECONNRESET') {
    const status = CLIENT_ERRORS[error.code ?? ''] ?? '400 Bad Request';
    const text = status.replace(' ', ': ');
    socket.end(
      `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
        `Content-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`,
      () => socket.destroy(),
    );
  } else {
    socket.destroy();
  }
}
