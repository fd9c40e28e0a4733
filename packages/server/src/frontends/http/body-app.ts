import type { IncomingMessage, ServerResponse } from 'node:http';
import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify';
import type { ApiCall } from './api-call.ts';
import type { HttpLimits } from './limits.ts';
import type { PathRoutes } from './routes.ts';

const CALL = Symbol('call');

interface Carrier extends IncomingMessage {
  [CALL]?: ApiCall;
}

/**
 * The operations that may have a body, on fastify: it reads the body within the limit, after the
 * credentials were looked at. Operations without one are answered directly, which is faster.
 */
export class BodyApp {
  readonly #app: FastifyInstance;

  constructor(routes: ReadonlyMap<string, PathRoutes>, limits: HttpLimits) {
    this.#app = fastify({
      logger: false,
      exposeHeadRoutes: false,
      bodyLimit: limits.bodyBytes,
      routerOptions: { querystringParser: () => ({}) },
    });
    this.#app.removeAllContentTypeParsers();
    this.#app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
      done(null, body);
    });
    this.#app.setErrorHandler((error, request, reply) => {
      reply.hijack();
      callOf(request)?.fail(error);
    });
    for (const [url, { byMethod }] of routes) {
      for (const method of byMethod.keys()) {
        if (method === 'GET') continue;
        this.#app.route({
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
  }

  /** Must have resolved before the first request. */
  async ready(): Promise<void> {
    await this.#app.ready();
  }

  /** Reads the body of this call's request and runs it. */
  handle(request: IncomingMessage, response: ServerResponse, call: ApiCall): void {
    (request as Carrier)[CALL] = call;
    request.url = call.route.operation.path;
    this.#app.routing(request, response);
  }

  async close(): Promise<void> {
    await this.#app.close();
  }
}

function callOf(request: FastifyRequest): ApiCall | undefined {
  return (request.raw as Carrier)[CALL];
}
