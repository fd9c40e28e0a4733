import { z } from 'zod';
import type { Operation, Param } from './contract.ts';
import { ERRORS, type ErrorName, STATUS_OF_KIND } from './errors.ts';
import { OPERATIONS } from './operations/index.ts';

type Json = Record<string, unknown>;

const SECURITY_SCHEMES = {
  session: { type: 'apiKey', in: 'cookie', name: 'auth_token' },
  basic: { type: 'http', scheme: 'basic' },
  user: { type: 'apiKey', in: 'header', name: 'X-KVMD-User' },
  passwd: { type: 'apiKey', in: 'header', name: 'X-KVMD-Passwd' },
};

/** The OpenAPI 3.1 document of the API; `version` is crashcart's. */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    const path = paths[operation.path] ?? {};
    path[operation.method.toLowerCase()] = describe(name, operation);
    paths[operation.path] = path;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'crashcart',
      version,
      description: 'A KVM-over-IP server that speaks the PiKVM API.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/api' }],
    security: [{ session: [] }, { basic: [] }, { user: [], passwd: [] }],
    paths,
    components: { securitySchemes: SECURITY_SCHEMES },
  };
}

function describe(name: string, operation: Operation): Json {
  const isPublic = operation.permission === 'public';
  const fields = Object.entries(operation.params);
  const body = operation.body === 'none' ? undefined : requestBody(operation);
  return {
    operationId: name,
    summary: operation.summary,
    'x-permission': operation.permission,
    ...(isPublic && { security: [] }),
    ...(operation.body !== 'form' && {
      parameters: fields.map(([field, param]) => ({
        name: field,
        in: 'query',
        required: param.presence === 'required',
        ...describeParam(param),
      })),
    }),
    ...(body && { requestBody: body }),
    responses: { [operation.status]: success(operation), ...failures(operation, isPublic) },
  };
}

function describeParam(param: Param<unknown>): Json {
  const schema = schemaOf(param.type);
  // An array in the query is one text with commas, as PiKVM has it.
  return {
    description: param.description,
    schema: param.fallback === undefined ? schema : { ...schema, default: param.fallback },
    ...(schema.type === 'array' && { style: 'form', explode: false }),
  };
}

function requestBody(operation: Operation): Json {
  if (operation.body === 'text') return { content: { 'text/plain': {} } };
  if (operation.body === 'sdp') return { content: { 'application/sdp': {} } };
  if (operation.body === 'binary') return { content: { 'application/octet-stream': {} } };
  const entries = Object.entries(operation.params);
  const properties = Object.fromEntries(
    entries.map(([name, param]) => {
      const { schema, description } = describeParam(param);
      return [name, { ...(schema as Json), description }];
    }),
  );
  const schema = {
    type: 'object',
    properties,
    required: entries.filter(([, param]) => param.presence === 'required').map(([name]) => name),
  };
  return {
    content: {
      'application/x-www-form-urlencoded': { schema },
      'multipart/form-data': { schema },
    },
  };
}

function success({ answer }: Operation): Json {
  switch (answer.kind) {
    case 'bytes':
    case 'stream': {
      const content = Object.fromEntries(answer.contentTypes.map((type) => [type, {}]));
      return { description: 'OK', content };
    }
    case 'lines': {
      // OpenAPI 3.1 has no word for lines: the schema is that of each of them.
      const { 'application/json': line } = jsonContent(true, schemaOf(answer.result));
      return { description: 'OK, a line at a time', content: { 'application/x-ndjson': line } };
    }
    case 'json':
      return { description: 'OK', content: jsonContent(true, schemaOf(answer.result)) };
  }
}

function failures(operation: Operation, isPublic: boolean): Json {
  const names: ErrorName[] = [
    'ValidatorError',
    ...(isPublic ? [] : (['UnauthorizedError'] as const)),
    'ForbiddenError',
    ...operation.errors,
  ];
  const byStatus = new Map<number, ErrorName[]>();
  for (const name of names) {
    const status = STATUS_OF_KIND[ERRORS[name][0]];
    byStatus.set(status, [...(byStatus.get(status) ?? []), name]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, errors]) => [
      status,
      {
        description: errors.map((name) => `${name}: ${ERRORS[name][1]}`).join('; '),
        content: jsonContent(false, {
          type: 'object',
          properties: { error: { enum: errors }, error_msg: { type: 'string' } },
          required: ['error', 'error_msg'],
        }),
      },
    ]),
  );
}

function jsonContent(ok: boolean, result: Json): Json {
  const schema = {
    type: 'object',
    properties: { ok: { const: ok }, result },
    required: ['ok', 'result'],
  };
  return { 'application/json': { schema } };
}

function schemaOf(type: z.ZodType): Json {
  // Clients see more than the contract says, from newer servers: nothing is closed.
  const { $schema, ...schema } = z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' });
  return schema;
}
