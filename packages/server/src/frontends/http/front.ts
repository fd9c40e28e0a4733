import type { IncomingMessage, ServerResponse } from 'node:http';
import { KvmError } from '@crashcart/api';
import type { RedfishFront } from '../redfish/redfish-front.ts';
import { AddressCounter } from './address-counter.ts';
import { ApiCall, endedSignal } from './api-call.ts';
import { type BodyApp, hasBody } from './body-app.ts';
import { type Connection, clientAddress, credentialsOf, isSecure } from './credentials.ts';
import { errorReply, methodNotAllowed, notFound, permanentRedirect } from './errors.ts';
import type { Host, Services } from './host.ts';
import type { HttpLimits } from './limits.ts';
import { changesState, checkOrigin } from './origin.ts';
import type { PageServer } from './page-files.ts';
import { type Machines, type Place, placeOf, tidyPath } from './place.ts';
import { Reply, sendReply } from './reply.ts';
import { logRequest } from './request-log.ts';
import type { PathRoutes } from './routes.ts';

/** What a front is made of. */
export interface FrontOptions {
  readonly machines: Machines;
  readonly services: Services;
  readonly routes: ReadonlyMap<string, PathRoutes>;
  /** Paths that only an upgrade answers. */
  readonly socketPaths: ReadonlySet<string>;
  readonly bodies: BodyApp;
  readonly redfish: RedfishFront;
  readonly page: PageServer | undefined;
  readonly openApi: () => Promise<Uint8Array>;
  readonly limits: HttpLimits;
  readonly allowedOrigins: ReadonlySet<string>;
  /** Aborts when the server closes. */
  readonly closing: AbortSignal;
}

/** Where each request goes, before anybody is asked who they are. */
export class Front {
  readonly #given: FrontOptions;
  readonly #inFlight: AddressCounter;

  constructor(given: FrontOptions) {
    this.#given = given;
    this.#inFlight = new AddressCounter(given.limits.requestsPerAddress);
  }

  /** Answers one request. */
  handle(request: IncomingMessage, response: ServerResponse, connection: Connection): void {
    const address = clientAddress(request, connection);
    const { method, url = '/' } = request;
    const startMs = performance.now();
    try {
      if (!this.#inFlight.enter(address)) throw new TooManyRequestsError();
      response.once('close', () => {
        this.#inFlight.leave(address);
        // The router of the bodies changes request.url on its way.
        const status = response.statusCode;
        logRequest(this.#given.services.log, { method, url, status, startMs });
      });
      this.#route(request, response, connection);
    } catch (error) {
      this.#send(response, errorReply(error, this.#given.services.log));
    }
  }

  #route(request: IncomingMessage, response: ServerResponse, connection: Connection): void {
    const { path, query } = splitUrl(request.url ?? '/');
    const unix = connection.kind === 'unix';
    const place = placeOf(path, unix, this.#given.machines);
    const { method } = request;
    if (place?.kind === 'api') {
      const routes = this.#given.routes.get(place.path);
      if (routes !== undefined) {
        this.#api(request, response, { connection, place, query, routes });
        return;
      }
      if (this.#given.socketPaths.has(place.path)) {
        this.#needsUpgrade(response, method);
        return;
      }
    } else if (place?.kind === 'streamer') {
      // What is not there is told after authentication and in µStreamer's words, as behind PiKVM's
      // proxy; an untidy path is redirected below.
      if (!/\/\/|\/$/.test(place.path)) {
        this.#streamer(request, response, { connection, place, query });
        return;
      }
    } else if (place?.kind === 'redfish') {
      if (this.#given.redfish.has(place.path)) {
        this.#given.redfish.handle(request, response, { ...place, connection });
        return;
      }
    } else if (place?.kind === 'janus') {
      this.#needsUpgrade(response, method);
      return;
    } else if (place?.kind === 'openapi') {
      if (method !== 'GET') {
        this.#send(response, methodNotAllowed('GET'));
        return;
      }
      this.#openApi(response);
      return;
    } else if (place?.kind === 'page') {
      if (place.path === '' && this.#given.page?.find('/')) {
        // The page's addresses are relative: without the slash they would miss the machine.
        this.#send(response, permanentRedirect(query === '' ? `${path}/` : `${path}/?${query}`));
        return;
      }
      if (this.#page(request, response, place.path)) return;
    }
    this.#redirectOrNotFound(response, path, query, unix);
  }

  #api(
    request: IncomingMessage,
    response: ServerResponse,
    found: {
      connection: Connection;
      place: Place & { kind: 'api' };
      query: string;
      routes: PathRoutes;
    },
  ): void {
    const { services, closing, allowedOrigins, bodies } = this.#given;
    const { connection, place, query, routes } = found;
    const method = request.method ?? 'GET';
    const route = routes.byMethod.get(method);
    if (route === undefined) {
      this.#send(response, methodNotAllowed(routes.allow));
      return;
    }
    const { host } = place;
    const idleMs = this.#given.limits.requestTimeoutMs;
    const given = { host, services, route, query, connection, closing, idleMs };
    const call = new ApiCall(request, response, given);
    if (method !== 'GET') checkOrigin(request, call.secure, allowedOrigins);
    if (method !== 'GET' && route.operation.body !== 'binary' && hasBody(request)) {
      bodies.handle(request, response, call);
      return;
    }
    const waiting = call.authenticate();
    if (waiting === undefined) {
      call.run();
      return;
    }
    waiting.then(() => call.run()).catch((error) => call.fail(error));
  }

  #streamer(
    request: IncomingMessage,
    response: ServerResponse,
    found: { connection: Connection; place: Place & { host: Host }; query: string },
  ): void {
    const { services, closing, allowedOrigins } = this.#given;
    const { connection, place, query } = found;
    if (changesState(request.method)) {
      checkOrigin(request, isSecure(request, connection), allowedOrigins);
    }
    const address = clientAddress(request, connection);
    const run = async () => {
      const credentials = credentialsOf(request, address, connection.peer);
      const identity = await services.auth.authenticate(credentials);
      if (!services.auth.may(identity, 'view')) throw new KvmError('ForbiddenError');
      const url = new URL(`http://localhost${place.path}${query === '' ? '' : `?${query}`}`);
      const ended = endedSignal(response, identity, closing, services.auth);
      response.setHeader('x-content-type-options', 'nosniff');
      services.videoFront.serveStreamer(request, response, url, place.host.video, ended);
    };
    run().catch((error) => {
      if (response.headersSent) response.destroy();
      else this.#send(response, errorReply(error, services.log));
    });
  }

  #needsUpgrade(response: ServerResponse, method: string | undefined): void {
    const reply =
      method === 'GET'
        ? new Reply(426, { upgrade: 'websocket' }, NEEDS_UPGRADE)
        : methodNotAllowed('GET');
    this.#send(response, reply);
  }

  #openApi(response: ServerResponse): void {
    const { openApi, services } = this.#given;
    openApi()
      .then((bytes) => new Reply(200, { 'content-type': 'application/json' }, bytes))
      .catch((error) => errorReply(error, services.log))
      .then((reply) => sendReply(response, reply))
      .catch(() => response.destroy());
  }

  #page(request: IncomingMessage, response: ServerResponse, path: string): boolean {
    const { page } = this.#given;
    const file = page?.find(path);
    if (page === undefined || file === undefined) return false;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      this.#send(response, methodNotAllowed('GET,HEAD'));
    } else {
      page.serve(request, response, file).catch(() => response.destroy());
    }
    return true;
  }

  #redirectOrNotFound(response: ServerResponse, path: string, query: string, unix: boolean): void {
    const tidy = tidyPath(path);
    if (tidy !== path && this.#isKnown(tidy, unix)) {
      const place = placeOf(tidy, unix, this.#given.machines);
      // Redfish has one place, whatever way led to it.
      const target = place?.kind === 'redfish' ? `${place.base}${place.path}` : tidy;
      this.#send(response, permanentRedirect(query === '' ? target : `${target}?${query}`));
      return;
    }
    this.#send(response, notFound());
  }

  #isKnown(path: string, unix: boolean): boolean {
    const place = placeOf(path, unix, this.#given.machines);
    switch (place?.kind) {
      case 'api':
        return this.#given.routes.has(place.path) || this.#given.socketPaths.has(place.path);
      case 'streamer':
        return STREAMER_PATHS.has(place.path);
      case 'redfish':
        return this.#given.redfish.has(place.path);
      case 'janus':
      case 'openapi':
        return true;
      case 'page':
        return this.#given.page?.find(place.path) !== undefined;
      case undefined:
        return false;
    }
  }

  #send(response: ServerResponse, reply: Reply): void {
    sendReply(response, reply).catch(() => response.destroy());
  }
}

/** The client has as many requests under way as it may. */
class TooManyRequestsError extends KvmError {
  readonly retryAfterS = 1;

  constructor() {
    super('UnavailableError', 'Too many requests at once from this address');
  }
}

const NEEDS_UPGRADE = new TextEncoder().encode('426: Upgrade Required');
const STREAMER_PATHS: ReadonlySet<string> = new Set([
  '/streamer',
  '/streamer/state',
  '/streamer/snapshot',
  '/streamer/stream',
]);

/** Splits a request target; of an absolute one (a proxy's) the origin is dropped. */
export function splitUrl(target: string): { readonly path: string; readonly query: string } {
  let text = target;
  if (!text.startsWith('/')) text = text.replace(/^https?:\/\/[^/?#]*/i, '') || '/';
  const hash = text.indexOf('#');
  if (hash >= 0) text = text.slice(0, hash);
  const mark = text.indexOf('?');
  if (mark < 0) return { path: text, query: '' };
  return { path: text.slice(0, mark), query: text.slice(mark + 1) };
}
