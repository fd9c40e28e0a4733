import type { IncomingMessage, ServerResponse } from 'node:http';
import { KvmError } from '@crashcart/api';
import { type Connection, clientAddress, credentialsOf, isSecure } from '../http/credentials.ts';
import { prettyJson } from '../http/envelope.ts';
import { errorReply, methodNotAllowed } from '../http/errors.ts';
import type { Host, Services } from '../http/host.ts';
import { changesState, checkOrigin } from '../http/origin.ts';
import { JSON_TYPE, Reply, sendReply } from '../http/reply.ts';
import { sendEarly } from '../http/upload.ts';
import { type BodyLimits, bodyOf } from './body.ts';
import { ODATA_HEADERS, redfishError } from './errors.ts';
import { manager, managers, serviceRoot } from './managers.ts';
import type { RedfishMethod, RedfishResource } from './resource.ts';
import { system, systemReset, systems } from './systems.ts';
import { ejectMedia, insertMedia, virtualDrive, virtualMedia } from './virtual-media.ts';

/** What the Redfish front is made of. */
export interface RedfishFrontOptions {
  readonly services: Services;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly limits: BodyLimits;
}

/** A request below /redfish of a machine; `base` is what stands before /redfish in its URLs. */
export interface RedfishRequest {
  readonly host: Host;
  readonly base: string;
  readonly path: string;
  readonly connection: Connection;
}

const RESOURCES: readonly RedfishResource[] = [
  ...[serviceRoot, systems, system, systemReset, managers, manager],
  ...[virtualMedia, virtualDrive, insertMedia, ejectMedia],
];
const ROOT = '/redfish/v1';
const NO_BODY = new Uint8Array();

/** Redfish as PiKVM has it: power and virtual media for provisioners. */
export class RedfishFront {
  readonly #given: RedfishFrontOptions;

  constructor(given: RedfishFrontOptions) {
    this.#given = given;
  }

  /** Whether there is such a resource. */
  has(path: string): boolean {
    return find(path) !== undefined;
  }

  /** Answers a request to a path that it has. */
  handle(request: IncomingMessage, response: ServerResponse, asked: RedfishRequest): void {
    this.#answer(request, response, asked)
      .catch((error) => redfishError(request, errorReply(error, this.#given.services.log)))
      .then((reply) => {
        const { body } = reply;
        if (request.complete || !(body instanceof Uint8Array)) return sendReply(response, reply);
        return sendEarly(request, response, { ...reply, body });
      })
      .catch(() => response.destroy());
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    { host, base, path, connection }: RedfishRequest,
  ): Promise<Reply> {
    const found = find(path);
    const method = found && methodOf(found.resource, request.method);
    if (!method) {
      const allow = Object.keys(found?.resource.methods ?? {}).sort();
      return redfishError(request, methodNotAllowed(allow.join(',')));
    }
    await this.#admit(request, connection, method);
    const call = { host, root: `${base}${ROOT}`, id: found.id };
    const body = changesState(request.method)
      ? await bodyOf(request, response, this.#given.limits)
      : Buffer.alloc(0);
    const result = await method.answer({ ...call, body });
    if (result === undefined) return new Reply(204, ODATA_HEADERS, NO_BODY);
    const headers = { 'content-type': JSON_TYPE, ...ODATA_HEADERS };
    return new Reply(200, headers, prettyJson(result));
  }

  /** Throws the KvmError of who may not. */
  async #admit(
    request: IncomingMessage,
    connection: Connection,
    { permission }: RedfishMethod,
  ): Promise<void> {
    const { services, allowedOrigins } = this.#given;
    if (changesState(request.method)) {
      checkOrigin(request, isSecure(request, connection), allowedOrigins);
    }
    if (permission === 'public') return;
    const address = clientAddress(request, connection);
    const credentials = credentialsOf(request, address, connection.peer);
    const identity = await services.auth.authenticate(credentials);
    if (!services.auth.may(identity, permission)) throw new KvmError('ForbiddenError');
  }
}

function find(
  path: string,
): { readonly resource: RedfishResource; readonly id: string } | undefined {
  if (!path.startsWith(ROOT)) return undefined;
  for (const resource of RESOURCES) {
    const match = resource.path.exec(path.slice(ROOT.length));
    if (match) return { resource, id: decoded(match[1] ?? '') };
  }
  return undefined;
}

/** HEAD is GET without its body (DSP0266, 7.3). */
function methodOf({ methods }: RedfishResource, name = ''): RedfishMethod | undefined {
  const known = name === 'HEAD' ? 'GET' : name;
  return known === 'GET' || known === 'POST' || known === 'PATCH' ? methods[known] : undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
