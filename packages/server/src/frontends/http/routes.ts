import { OPERATIONS, type Operation, type OperationName } from '@crashcart/api';
import { atxHandlers } from './handlers/atx.ts';
import { authHandlers } from './handlers/auth.ts';
import { gpioHandlers } from './handlers/gpio.ts';
import type { HandlersOf } from './handlers/handlers-of.ts';
import { hidHandlers } from './handlers/hid.ts';
import { infoHandlers } from './handlers/info.ts';
import { logHandlers } from './handlers/log.ts';
import { metricsHandlers } from './handlers/metrics.ts';
import { msdHandlers } from './handlers/msd.ts';
import { partsHandlers } from './handlers/parts.ts';
import { streamerHandlers } from './handlers/streamer.ts';
import { switchHandlers } from './handlers/switch.ts';
import { whepHandlers } from './handlers/whep.ts';
import type { Call } from './host.ts';

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
  ...msdHandlers,
  ...gpioHandlers,
  ...partsHandlers,
  ...streamerHandlers,
  ...switchHandlers,
  ...whepHandlers,
  ...metricsHandlers,
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

/** Every path of the API, from the contract; these operations need no login besides. */
export function routesOfContract(
  alsoPublic: readonly OperationName[] = [],
): ReadonlyMap<string, PathRoutes> {
  const paths = new Map<string, Map<string, Route>>();
  for (const [key, operation] of Object.entries(OPERATIONS)) {
    const name = key as OperationName;
    const byMethod = paths.get(operation.path) ?? new Map<string, Route>();
    paths.set(operation.path, byMethod);
    byMethod.set(operation.method, {
      name,
      operation: {
        ...(operation as unknown as Operation),
        ...(alsoPublic.includes(name) && { permission: 'public' as const }),
      },
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
