import { isDeepStrictEqual } from 'node:util';
import type {
  EventType,
  GpioState,
  InfoEventState,
  InfoState,
  MsdState,
  ServerEvent,
  StreamerState,
  SwitchState,
} from '@crashcart/api';

type Payload<T extends EventType> = Extract<ServerEvent, { readonly event_type: T }>['event'];

/** The top-level keys of `now` whose values differ from `before`, in the order of `now`. */
export function changedParts<T extends object>(now: T, before: T): Partial<T> {
  const changed: Partial<T> = {};
  for (const key of Object.keys(now) as (keyof T)[]) {
    if (!isDeepStrictEqual(now[key], before[key])) changed[key] = now[key];
  }
  return changed;
}

/** The changed channels alone; everything when the model is another one. */
export function diffGpio(now: GpioState, before: GpioState): Payload<'gpio'> {
  if (!isDeepStrictEqual(now.model, before.model)) return now;
  const inputs = changedParts(now.state.inputs, before.state.inputs);
  const outputs = changedParts(now.state.outputs, before.state.outputs);
  // Clients merge channels, so PiKVM names only the groups that hold a change.
  const state = {
    ...(Object.keys(inputs).length > 0 && { inputs }),
    ...(Object.keys(outputs).length > 0 && { outputs }),
  };
  return { state } as Payload<'gpio'>;
}

/** The changed keys; of the storage only its changed sub-keys. */
export function diffMsd(now: MsdState, before: MsdState): Payload<'msd'> {
  const changed = changedParts(now, before);
  if (!changed.storage || !before.storage) return changed;
  const storage = changedParts(changed.storage, before.storage);
  return { ...changed, storage } as Payload<'msd'>;
}

const STREAMER_GROUP = ['limits', 'params', 'applied'] as const;

/** The changed keys; parameters never come without the limits that bound them. */
export function diffStreamer(now: StreamerState, before: StreamerState): Payload<'streamer'> {
  const changed = changedParts(now, before);
  if (!STREAMER_GROUP.some((key) => key in changed)) return changed;
  const { limits, params, applied } = now;
  return { ...changed, limits, params, applied };
}

/** The changed keys; everything when the model is another one. */
export function diffSwitch(now: SwitchState, before: SwitchState): Payload<'switch'> {
  return isDeepStrictEqual(now.model, before.model) ? changedParts(now, before) : now;
}

/** What of the information is told in events: as much as by PiKVM, our own versions are in /info. */
export function toldInfo(info: InfoState): InfoEventState {
  const { crashcart: _, ...system } = info.system;
  return { ...info, system };
}

/** One event a changed category, as when joining. */
export function changedInfo(now: InfoState, before: InfoState): readonly Payload<'info'>[] {
  const changed = changedParts(toldInfo(now), toldInfo(before));
  return Object.entries(changed).map(([name, value]) => ({ [name]: value }));
}
