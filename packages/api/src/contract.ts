import type { z } from 'zod';
import type { ErrorName } from './errors.ts';
import type { Permission } from './permissions.ts';
import type { Validator } from './validators.ts';

/** How a parameter is looked at when it is missing, in PiKVM's order of checks. */
export type Presence = 'required' | 'optional';

/** One parameter of the query string (or of the login form). */
export interface Param<T, P extends Presence = Presence> {
  readonly validate: Validator<T>;
  readonly presence: P;
  /** The value of a missing optional parameter. */
  readonly fallback?: T;
  /** Looked at only when this other parameter is present (as PiKVM does for `finish`). */
  readonly onlyWith?: string;
  readonly description: string;
  /** What a valid value is once it is parsed; OpenAPI and the client come from it. */
  readonly type: z.ZodType<T>;
}

// biome-ignore lint/suspicious/noExplicitAny: a record of parameters of any value type
export type Params = Readonly<Record<string, Param<any>>>;

/** The validated values of a record of parameters. */
export type ValuesOf<P extends Params> = {
  readonly [K in keyof P]: P[K] extends Param<infer T, infer Q>
    ? Q extends 'required'
      ? T
      : P[K] extends { readonly fallback: T }
        ? T
        : T | undefined
    : never;
};

/** What a caller gives: required parameters must be there. */
export type ArgumentsOf<P extends Params> = {
  readonly [K in keyof P as P[K] extends Param<unknown, 'required'>
    ? K
    : never]: P[K] extends Param<infer T> ? T : never;
} & {
  readonly [K in keyof P as P[K] extends Param<unknown, 'required'>
    ? never
    : K]?: P[K] extends Param<infer T> ? T | undefined : never;
};

/** What the body of a request is; only `form` is parsed by the contract. */
export type RequestBody = 'none' | 'form' | 'text' | 'binary' | 'sdp';

/** An answer in the JSON envelope, with a `result` of this type. */
export interface JsonAnswer<R extends z.ZodType = z.ZodType> {
  readonly kind: 'json';
  readonly result: R;
}

/** An answer of bytes of one of these content types (a picture, a log, an image, a stream). */
export interface BytesAnswer {
  readonly kind: 'bytes';
  readonly contentTypes: readonly string[];
}

/** An answer of bytes of any length, to be read piece by piece. */
export interface StreamAnswer {
  readonly kind: 'stream';
  readonly contentTypes: readonly string[];
}

/** JSON envelopes, a line each, as they come (NDJSON). */
export interface LinesAnswer<R extends z.ZodType = z.ZodType> {
  readonly kind: 'lines';
  readonly result: R;
}

export type Answer = JsonAnswer | BytesAnswer | StreamAnswer | LinesAnswer;

/** One operation of the HTTP API. Routes, validation, OpenAPI and the client come from it. */
export interface Operation<P extends Params = Params, A extends Answer = Answer> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Without the /api prefix. */
  readonly path: `/${string}`;
  readonly summary: string;
  readonly permission: Permission;
  /** The body; a `form` body carries the parameters instead of the query string. */
  readonly body: RequestBody;
  readonly params: P;
  readonly answer: A;
  /** Of success. */
  readonly status: 200 | 201;
  /** Errors besides ValidatorError, UnauthorizedError and ForbiddenError. */
  readonly errors: readonly ErrorName[];
}

/** Declares an operation; parameters, body and errors are none unless said. */
export function operation<const P extends Params = Record<never, never>, A extends Answer = Answer>(
  given: Pick<Operation<P, A>, 'method' | 'path' | 'summary' | 'permission' | 'answer'> &
    Partial<Pick<Operation<P, A>, 'params' | 'body' | 'status' | 'errors'>>,
): Operation<P, A> {
  return { params: {} as P, body: 'none', status: 200, errors: [], ...given };
}

/** The answer `{ok, result}` with this result. */
export function json<R extends z.ZodType>(result: R): JsonAnswer<R> {
  return { kind: 'json', result };
}

/** An answer of bytes. */
export function bytes(...contentTypes: readonly string[]): BytesAnswer {
  return { kind: 'bytes', contentTypes };
}

/** An answer of bytes that are read piece by piece. */
export function stream(...contentTypes: readonly string[]): StreamAnswer {
  return { kind: 'stream', contentTypes };
}

/** An answer of lines `{ok, result}` with this result. */
export function lines<R extends z.ZodType>(result: R): LinesAnswer<R> {
  return { kind: 'lines', result };
}

/** What a handler gives and the client gets: the value of a JSON result, bytes, or many of them. */
export type ResultOf<O extends Operation> =
  O['answer'] extends JsonAnswer<infer R>
    ? z.infer<R>
    : O['answer'] extends LinesAnswer<infer R>
      ? AsyncIterable<z.infer<R>>
      : O['answer'] extends StreamAnswer
        ? AsyncIterable<Uint8Array>
        : Uint8Array;

/** Declares a parameter that must be there. */
export function required<T>(
  validate: Validator<T>,
  type: z.ZodType<T>,
  description: string,
): Param<T, 'required'> {
  return { validate, presence: 'required', type, description };
}

/** Declares a parameter that may be absent; a present one is always validated. */
export function optional<T>(
  validate: Validator<T>,
  type: z.ZodType<T>,
  description: string,
  options: { readonly onlyWith?: string } = {},
): Param<T, 'optional'> {
  return { validate, presence: 'optional', type, description, ...options };
}

/** Declares a parameter with a value for when it is absent. */
export function withDefault<T>(
  validate: Validator<T>,
  fallback: T,
  type: z.ZodType<T>,
  description: string,
): Param<T, 'optional'> & { readonly fallback: T } {
  return { validate, presence: 'optional', fallback, type, description };
}

/**
 * The values of `params`, checked in their declared order; the first that fails throws its
 * ValidatorError. `raw` gives the first value of a name, or undefined.
 */
export function parseParams<P extends Params>(
  params: P,
  raw: (name: string) => string | undefined,
): ValuesOf<P> {
  const values: Record<string, unknown> = {};
  for (const [name, param] of Object.entries(params)) {
    const text = raw(name);
    const skipped =
      param.presence === 'optional' &&
      (text === undefined || (param.onlyWith !== undefined && raw(param.onlyWith) === undefined));
    values[name] = skipped ? param.fallback : param.validate(text);
  }
  return values as ValuesOf<P>;
}
