import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ApiCall } from './api-call.ts';
import type { HttpLimits } from './limits.ts';
import type { PathRoutes } from './routes.ts';

const CALL = Symbol('call');

interface Carrier extends IncomingMessage {
  [CALL]?: ApiCall;
}

/**
 * The operations that may have a body, on fastify: it reads the body within the limit, after the
 * credentials were looked at. Operations without one are answered directly, which is faster; so
 * the server can answer before fastify is loaded.
 */
export class BodyApp {
  readonly #routes: ReadonlyMap<string, PathRoutes>;
  readonly #limits: HttpLimits;
  #loading: Promise<FastifyInstance> | undefined;
  #app: FastifyInstance | undefined;

  constructor(routes: ReadonlyMap<string, PathRoutes>, limits: HttpLimits) {
    this.#routes = routes;
    this.#limits = limits;
  }

  /** Loads fastify, if that has not been done; the first request with a body would wait for it. */
  async ready(): Promise<void> {
    this.#loading ??= loadApp(this.#routes, this.#limits);
    this.#app = await this.#loading;
  }

  /** Reads the body of this call's request and runs it. */
  handle(request: IncomingMessage, response: ServerResponse, call: ApiCall): void {
    (request as Carrier)[CALL] = call;
    request.url = call.route.operation.path;
    if (this.#app) {
      this.#app.routing(request, response);
      return;
    }
    this.ready()
      .then(() => this.#app?.routing(request, response))
      .catch((error: unknown) => call.fail(error));
  }

  async close(): Promise<void> {
    await (await this.#loading)?.close();
  }
}

async function loadApp(
  routes: ReadonlyMap<string, PathRoutes>,
  limits: HttpLimits,
): Promise<FastifyInstance> {
  const { fastify } = await import('fastify');
  const app = fastify({
    logger: false,
    exposeHeadRoutes: false,
    bodyLimit: limits.bodyBytes,
    routerOptions: { querystringParser: () => ({}) },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  app.setErrorHandler((error, request, reply) => {
    reply.hijack();
    callOf(request)?.fail(error);
  });
  for (const [url, { byMethod }] of routes) {
    for (const method of byMethod.keys()) {
      if (method === 'GET') continue;
      app.route({
        method,
        url,
        onRequest: async (request) => {
          await callOf(request)?.authenticate();
        },
        handler: (request, reply) => {
          reply.hijack();
          callOf(request)?.run(Buffer.isBuffer(request.body) ? request.body : undefined);
        },
      });
    }
  }
  await app.ready();
  return app;
}

function callOf(request: FastifyRequest): ApiCall | undefined {
  return (request.raw as Carrier)[CALL];
}
