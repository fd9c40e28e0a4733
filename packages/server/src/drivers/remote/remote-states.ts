import {
  type AtxState,
  atxState,
  type GpioState,
  gpioState,
  type HidKeymapsState,
  type HidPrintState,
  type HidState,
  hidKeymapsState,
  hidPrintState,
  hidState,
  type MsdState,
  msdState,
  type ServerEvent,
  type StreamerState,
  type SwitchState,
  streamerState,
  switchState,
} from '@crashcart/api';
import type { Log } from '../../core/log.ts';
import { StateCell } from '../../core/state.ts';
import { KEYMAP_NAMES } from '../../protocols/keymaps.ts';
import { mergeGpio, mergeMsd } from './merge-events.ts';
import {
  ATX_UNKNOWN,
  atxOffline,
  GPIO_UNKNOWN,
  gpioOffline,
  HID_UNKNOWN,
  hidOffline,
  MSD_UNKNOWN,
  msdOffline,
  NOTHING_PRINTED,
  SWITCH_UNKNOWN,
} from './offline-states.ts';

/** What a schema says of a value. */
interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: unknown };
}

/** The states of the parts of a remote machine: what it told last, or that it is offline. */
export class RemoteStates {
  readonly hid = new StateCell<HidState>(HID_UNKNOWN);
  readonly keymaps = new StateCell<HidKeymapsState>({
    keymaps: { default: 'en-us', available: KEYMAP_NAMES },
  });
  readonly printing = new StateCell<HidPrintState>(NOTHING_PRINTED);
  readonly atx = new StateCell<AtxState>(ATX_UNKNOWN);
  readonly msd = new StateCell<MsdState>(MSD_UNKNOWN);
  readonly gpio = new StateCell<GpioState>(GPIO_UNKNOWN);
  readonly switch = new StateCell<SwitchState>(SWITCH_UNKNOWN);
  /** Undefined while it is not known. */
  readonly streamer = new StateCell<StreamerState | undefined>(undefined);
  readonly #log: Log;
  readonly #refused = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Takes an event: a partial one changes what it names. What is no state is left out. */
  apply({ event_type: type, event }: ServerEvent): void {
    if (typeof event !== 'object' || event === null) return;
    switch (type) {
      case 'hid':
        this.#set(type, this.hid, hidState, { ...this.hid.value, ...event });
        break;
      case 'hid_keymaps':
        this.#set(type, this.keymaps, hidKeymapsState, event);
        break;
      case 'hid_print':
        this.#set(type, this.printing, hidPrintState, event);
        break;
      case 'atx':
        this.#set(type, this.atx, atxState, { ...this.atx.value, ...event });
        break;
      case 'msd':
        this.#set(type, this.msd, msdState, mergeMsd(this.msd.value, event));
        break;
      case 'gpio':
        this.#set(type, this.gpio, gpioState, mergeGpio(this.gpio.value, event));
        break;
      case 'switch':
        this.#set(type, this.switch, switchState, { ...this.switch.value, ...event });
        break;
      case 'streamer':
        this.#set(type, this.streamer, streamerState, { ...this.streamer.value, ...event });
        break;
    }
  }

  /** The remote is gone: what is known of its make stays, what it can do now is nothing. */
  offline(): void {
    this.hid.set(hidOffline(this.hid.value));
    this.printing.set(NOTHING_PRINTED);
    this.atx.set(atxOffline(this.atx.value));
    this.msd.set(msdOffline(this.msd.value));
    this.gpio.set(gpioOffline(this.gpio.value));
    this.switch.set(SWITCH_UNKNOWN);
    this.streamer.set(undefined);
  }

  #set<T>(part: string, cell: StateCell<T>, schema: Schema<T & object>, merged: unknown): void {
    const parsed = schema.safeParse(merged);
    if (parsed.success) {
      cell.set(parsed.data);
      return;
    }
    if (this.#refused.has(part)) return;
    this.#refused.add(part);
    this.#log.warn({ part, err: parsed.error }, 'The remote tells a state that we do not know');
  }
}
