import type { ResultOf, ValuesOf } from '@crashcart/api';
import { OPERATIONS, type Operation, type OperationName, type Operations } from '@crashcart/api';
import { atxHandlers } from './handlers/atx.ts';
import { authHandlers } from './handlers/auth.ts';
import { hidHandlers } from './handlers/hid.ts';
import { infoHandlers } from './handlers/info.ts';
import { logHandlers } from './handlers/log.ts';
import { partsHandlers } from './handlers/parts.ts';
import { streamerHandlers } from './handlers/streamer.ts';
import type { Call } from './host.ts';
import type { EncodedResult, Reply } from './reply.ts';

/** What a handler may give: the JSON result, or an answer of its own making. */
export type Given<K extends OperationName> = ResultOf<Operations[K]> | EncodedResult | Reply;

/** The handlers of some operations. */
export type HandlersOf<K extends OperationName> = {
  readonly [N in K]: (
    args: ValuesOf<Operations[N]['params']>,
    call: Call,
  ) => Given<N> | Promise<Given<N>>;
};

/** Operations whose parameters come from a body. */
type BodyOperation = 'authLogin';

/** A new operation does not compile until it has a handler. */
export type Handlers = HandlersOf<Exclude<OperationName, BodyOperation>>;

const HANDLERS: Handlers = {
  ...authHandlers,
  ...infoHandlers,
  ...logHandlers,
  ...hidHandlers,
  ...atxHandlers,
  ...partsHandlers,
  ...streamerHandlers,
};

/** One operation with what answers it; `handle` is undefined for the login. */
export interface Route {
  readonly name: OperationName;
  readonly operation: Operation;
  readonly hasParams: boolean;
  readonly handle: ((args: never, call: Call) => unknown) | undefined;
}

/** All methods of one path. */
export interface PathRoutes {
  readonly byMethod: ReadonlyMap<string, Route>;
  /** Value of the Allow header. */
  readonly allow: string;
}

/** Every path of the API, from the contract. */
export function routesOfContract(): ReadonlyMap<string, PathRoutes> {
  const paths = new Map<string, Map<string, Route>>();
  for (const [key, operation] of Object.entries(OPERATIONS)) {
    const name = key as OperationName;
    const byMethod = paths.get(operation.path) ?? new Map<string, Route>();
    paths.set(operation.path, byMethod);
    byMethod.set(operation.method, {
      name,
      operation: operation as unknown as Operation,
      hasParams: Object.keys(operation.params).length > 0,
      handle: name === 'authLogin' ? undefined : HANDLERS[name],
    });
  }
  return new Map(
    [...paths].map(([path, byMethod]) => [
      path,
      { byMethod, allow: [...byMethod.keys()].sort().join(',') },
    ]),
  );
}
