import { Buffer } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { KvmError, parseParams } from '@crashcart/api';
import type { Auth, Identity } from '../../auth/auth.ts';
import { anySignal } from '../../core/any-signal.ts';
import { bodyText } from './body-text.ts';
import {
  type Connection,
  clientAddress,
  credentialsOf,
  isSecure,
  localAddressOf,
} from './credentials.ts';
import { EMPTY_RESULT, encodeResult } from './envelope.ts';
import { errorReply } from './errors.ts';
import { parseForm } from './form.ts';
import { login } from './handlers/auth.ts';
import type { Call, Host, Services } from './host.ts';
import { type Lookup, lookupIn } from './parameters.ts';
import { EncodedResult, Reply, sendJson, sendReply } from './reply.ts';
import type { Route } from './routes.ts';
import { sendEarly, type Upload, uploadOf } from './upload.ts';

/** One request to an operation, from its credentials to its answer. */
export class ApiCall implements Call {
  readonly host: Host;
  readonly services: Services;
  readonly route: Route;
  readonly query: string;
  readonly address: string;
  readonly secure: boolean;
  identity: Identity | undefined;
  /** As sent: the framework must not see it. */
  readonly #contentType: string | undefined;
  readonly #connection: Connection;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #closing: AbortSignal;
  readonly #idleMs: number;
  #token: string | undefined;
  #body: Buffer | undefined;
  #ended: AbortSignal | undefined;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    given: {
      host: Host;
      services: Services;
      route: Route;
      query: string;
      connection: Connection;
      closing: AbortSignal;
      /** How long a client may pause in the middle of a long body, ms. */
      idleMs: number;
    },
  ) {
    this.host = given.host;
    this.services = given.services;
    this.route = given.route;
    this.query = given.query;
    this.address = clientAddress(request, given.connection);
    this.secure = isSecure(request, given.connection);
    this.#contentType = request.headers['content-type'];
    this.#connection = given.connection;
    this.#request = request;
    this.#response = response;
    this.#closing = given.closing;
    this.#idleMs = given.idleMs;
  }

  get token(): string | undefined {
    return this.#token;
  }

  get agent(): string {
    return this.#request.headers['user-agent'] ?? '';
  }

  get localAddress(): string | undefined {
    return localAddressOf(this.#connection);
  }

  /** Made when asked for: most answers are over before they could end; others count as streams. */
  get ended(): AbortSignal {
    this.#ended ??= endedSignal(this.#response, this.identity, this.#closing, this.services.auth);
    return this.#ended;
  }

  text(): string {
    return bodyText(this.#contentType, this.#body ?? Buffer.alloc(0));
  }

  get upload(): Upload {
    return uploadOf(this.#request, this.#response, { idleMs: this.#idleMs, ended: this.ended });
  }

  /** Finds out who asks and whether they may; at once for tokens. Throws KvmErrors. */
  authenticate(): undefined | Promise<undefined> {
    if (this.route.operation.permission === 'public') return undefined;
    // Peers of the unix socket are never told that they are logged in: nginx asks here.
    const peer = this.route.name === 'authCheck' ? undefined : this.#connection.peer;
    const credentials = credentialsOf(this.#request, this.address, peer);
    this.#token = credentials.token;
    const identity = this.services.auth.authenticate(credentials);
    if (identity instanceof Promise) return identity.then((known) => this.#admit(known));
    return this.#admit(identity);
  }

  /** Runs the handler and writes its answer, also that of an error. */
  run(body?: Buffer): void {
    this.#body = body;
    try {
      const result = this.#handle();
      if (result instanceof Promise) {
        result.then((value) => this.#answer(value)).catch((error) => this.fail(error));
      } else {
        this.#answer(result);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** Answers an error, or cuts an answer that has begun. */
  fail(error: unknown): void {
    if (this.#response.headersSent) {
      if (!this.#response.destroyed && !this.ended.aborted) {
        this.services.log.warn({ err: error, path: this.route.operation.path }, 'An answer broke');
      }
      this.#response.destroy();
      return;
    }
    const reply = errorReply(error, this.services.log);
    const { body } = reply;
    if (this.route.operation.body === 'binary' && body instanceof Uint8Array) {
      sendEarly(this.#request, this.#response, { ...reply, body });
    } else {
      void sendReply(this.#response, reply);
    }
  }

  #admit(identity: Identity): undefined {
    if (!this.services.auth.may(identity, this.route.operation.permission)) {
      throw new KvmError('ForbiddenError');
    }
    this.identity = identity;
    return undefined;
  }

  #handle(): unknown {
    const { handle, operation, hasParams } = this.route;
    if (handle === undefined) return this.#login();
    if (operation.body === 'form') return this.#handleForm(handle);
    const args = hasParams ? parseParams(operation.params, lookupIn(this.query)) : {};
    return handle(args as never, this);
  }

  /** What the form lacks may be in the query. */
  async #handleForm(handle: (args: never, call: ApiCall) => unknown): Promise<unknown> {
    const form = await this.#form();
    const query = lookupIn(this.query);
    const { params } = this.route.operation;
    return handle(parseParams(params, (name) => form(name) ?? query(name)) as never, this);
  }

  async #login(): Promise<Reply> {
    return login(await this.#form(), this);
  }

  #form(): Promise<Lookup> {
    return parseForm(this.#contentType, this.#body ?? Buffer.alloc(0));
  }

  #answer(result: unknown): void {
    if (result instanceof EncodedResult) {
      sendJson(this.#response, result.bytes);
    } else if (result instanceof Reply) {
      sendReply(this.#response, result).catch((error) => this.fail(error));
    } else if (isEmpty(result)) {
      sendJson(this.#response, EMPTY_RESULT);
    } else {
      sendJson(this.#response, encodeResult(result));
    }
  }
}

function isEmpty(result: unknown): boolean {
  for (const _ in result as object) return false;
  return true;
}

/**
 * Aborts when the session, the connection or the server ends; until then the answer counts as a
 * stream of its session.
 */
export function endedSignal(
  response: ServerResponse,
  identity: Identity | undefined,
  closing: AbortSignal,
  auth: Pick<Auth, 'stream'>,
): AbortSignal {
  const gone = new AbortController();
  const signals = [gone.signal, closing];
  if (identity !== undefined) signals.push(identity.ended);
  if (response.destroyed) gone.abort();
  else {
    const release = identity && auth.stream(identity);
    response.once('close', () => {
      gone.abort();
      release?.();
    });
  }
  return anySignal(signals);
}
