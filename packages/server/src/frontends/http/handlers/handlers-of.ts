import type { OperationName, Operations, ResultOf, ValuesOf } from '@crashcart/api';
import type { Call } from '../host.ts';
import type { EncodedResult, Reply } from '../reply.ts';

/** What a handler may give: the JSON result, or an answer of its own making. */
export type Given<K extends OperationName> = ResultOf<Operations[K]> | EncodedResult | Reply;

/** The handlers of some operations. */
export type HandlersOf<K extends OperationName> = {
  readonly [N in K]: (
    args: ValuesOf<Operations[N]['params']>,
    call: Call,
  ) => Given<N> | Promise<Given<N>>;
};
