import type {
  AtxState,
  HidKeymapsState,
  HidPrintState,
  HidState,
  MsdState,
  ServerEvent,
  StreamerState,
} from '@crashcart/api';
import { computed, signal } from '@preact/signals';
import { noteInfo } from './info.ts';

/** Power and reset, once the server has told. */
export const atx = signal<AtxState | undefined>(undefined);
/** Keyboard and mouse, once the server has told. */
export const hid = signal<HidState | undefined>(undefined);
/** The layouts for typing text, once the server has told. */
export const keymaps = signal<HidKeymapsState | undefined>(undefined);
/** The text that is typed now, by whomever, or how the last typing was left. */
export const printing = signal<HidPrintState | undefined>(undefined);
/** The virtual drive and its storage, once the server has told. */
export const msd = signal<MsdState | undefined>(undefined);
/** The video, once the server has told. */
export const streamer = signal<StreamerState | undefined>(undefined);
/** The name that the server gives to this box or machine. */
export const hostName = signal<string | undefined>(undefined);
/** Whether there are users at all (log out makes sense only then). */
export const authEnabled = signal(true);
/** When the picture went away (ms since the epoch); undefined while there is one. */
export const noSignalSinceMs = signal<number | undefined>(undefined);

/** True when the mouse tells positions, false when it tells movements. */
export const absoluteMouse = computed(() => hid.value?.mouse.absolute ?? true);

/** Takes an event of the server; a partial one changes only the keys that it has. */
export function applyEvent(message: ServerEvent, nowMs = Date.now()): void {
  switch (message.event_type) {
    case 'atx':
      atx.value = merged(atx.peek(), message.event);
      return;
    case 'hid':
      hid.value = merged(hid.peek(), message.event);
      return;
    case 'hid_keymaps':
      keymaps.value = message.event;
      return;
    case 'hid_print':
      printing.value = message.event;
      return;
    case 'msd':
      msd.value = mergedMsd(msd.peek(), message.event);
      return;
    case 'streamer':
      streamer.value = merged(streamer.peek(), message.event);
      noteSignal(nowMs);
      return;
    case 'info': {
      noteInfo(message.event);
      const { node, auth } = message.event;
      if (node !== undefined) hostName.value = node.host;
      if (auth !== undefined) authEnabled.value = auth.enabled;
      return;
    }
    default:
      return;
  }
}

/** Forgets what the server told; a new connection tells everything again. */
export function forgetMachine(): void {
  atx.value = undefined;
  hid.value = undefined;
  keymaps.value = undefined;
  printing.value = undefined;
  msd.value = undefined;
  streamer.value = undefined;
  noSignalSinceMs.value = undefined;
}

type EventOf<T extends ServerEvent['event_type']> = Extract<
  ServerEvent,
  { readonly event_type: T }
>['event'];

// The first event of a part is whole, so what is merged onto nothing is whole as well.
function merged<T extends object>(before: T | undefined, change: object): T {
  return { ...before, ...change } as T;
}

// Of the storage, too, only what has changed is told: it may hold 10,000 images.
function mergedMsd(before: MsdState | undefined, change: EventOf<'msd'>): MsdState {
  const now = merged(before, change);
  if (!change.storage || !before?.storage) return now;
  return { ...now, storage: { ...before.storage, ...change.storage } };
}

function noteSignal(nowMs: number): void {
  const source = streamer.peek()?.streamer?.source;
  if (source === undefined) return;
  if (source.online) noSignalSinceMs.value = undefined;
  else noSignalSinceMs.value ??= nowMs;
}
