import { z } from 'zod';
import { atxState } from './states/atx.ts';
import { gpioState } from './states/gpio.ts';
import { hidKeymapsState, hidPrintState, hidState } from './states/hid.ts';
import { infoEventState } from './states/info.ts';
import { msdState } from './states/msd.ts';
import { ocrState, streamerState } from './states/streamer.ts';
import { switchState } from './states/switch.ts';

/** The PiKVM version that crashcart is compatible with; named in `loop` and in /info. */
export const COMPATIBLE_VERSION = { major: 4, minor: 197 } as const;

/**
 * Events of the server on /ws. The first of a part after joining is its whole state; later ones
 * hold only the top-level keys that changed, hence `.partial()`.
 */
export const EVENTS = {
  loop: z.object({ version: z.object({ major: z.int(), minor: z.int() }) }),
  clients: z.object({ count: z.int() }),
  gpio: gpioState.partial(),
  hid: hidState.partial(),
  hid_keymaps: hidKeymapsState,
  /** Text that is being typed; a joiner gets it only meanwhile. */
  hid_print: hidPrintState,
  atx: atxState.partial(),
  msd: msdState.partial(),
  streamer: streamerState.partial(),
  ocr: ocrState,
  switch: switchState.partial(),
  info: infoEventState.partial(),
  pong: z.object({}),
} as const;

export type EventType = keyof typeof EVENTS;

/** One event of the server: `{event_type, event}`. */
export type ServerEvent = {
  [T in EventType]: { readonly event_type: T; readonly event: z.infer<(typeof EVENTS)[T]> };
}[EventType];
