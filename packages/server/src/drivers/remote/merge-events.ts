import type { GpioState, MsdState, ServerEvent } from '@crashcart/api';

type EventOf<T extends ServerEvent['event_type']> = Extract<
  ServerEvent,
  { readonly event_type: T }
>['event'];

/** Of the storage, too, only the keys come that have changed. */
export function mergeMsd(before: MsdState, change: EventOf<'msd'>): unknown {
  const now = { ...before, ...change };
  if (!change.storage || !before.storage) return now;
  return { ...now, storage: { ...before.storage, ...change.storage } };
}

/** With a model everything comes, else only the channels that have changed. */
export function mergeGpio(before: GpioState, { model, state }: EventOf<'gpio'>): unknown {
  if (model) return { model, state };
  return {
    model: before.model,
    state: {
      inputs: { ...before.state.inputs, ...state?.inputs },
      outputs: { ...before.state.outputs, ...state?.outputs },
    },
  };
}
