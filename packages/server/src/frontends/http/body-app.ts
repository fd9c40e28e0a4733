import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ApiCall } from './api-call.ts';
import type { HttpLimits } from './limits.ts';
import { noCompiler } from './no-compiler.ts';
import { sendReply, textReply } from './reply.ts';
import type { PathRoutes } from './routes.ts';
import { isContinueExpected } from './upload.ts';

const CALL = Symbol('call');

interface Carrier extends IncomingMessage {
  [CALL]?: ApiCall;
}

/**
 * Requests that have a body, on fastify: it reads the body within the limit, after the credentials
 * were looked at. Requests without one are answered directly, which is faster; so the server can
 * answer before fastify is loaded.
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
    if (isContinueExpected(request)) response.writeContinue();
    endSlowBody(request, response, this.#limits.requestTimeoutMs);
    (request as Carrier)[CALL] = call;
    request.url = call.route.operation.path;
    // Bytes are bytes: the framework would refuse a type that it cannot parse.
    delete request.headers['content-type'];
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

/** Whether a body follows the headers (RFC 9112, 6.3). */
export function hasBody({ headers }: IncomingMessage): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = headers;
  return length !== '0' || encoding !== undefined;
}

/** A body that is not complete in time is answered with 408; uploads have limits of their own. */
function endSlowBody(request: IncomingMessage, response: ServerResponse, timeoutMs: number): void {
  if (!hasBody(request)) return;
  const timer = setTimeout(() => {
    const late = textReply(408, '408: Request Timeout', { connection: 'close' });
    if (!response.headersSent) void sendReply(response, late);
    request.destroy();
  }, timeoutMs);
  const stop = () => clearTimeout(timer);
  request.once('end', stop);
  request.once('close', stop);
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
    schemaController: {
      compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler },
    },
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
