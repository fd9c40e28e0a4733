import type { ReadonlyCell } from './state.ts';

/** LEDs of the machine's front panel. */
export interface AtxLeds {
  readonly power: boolean;
  readonly hdd: boolean;
}

/** A button of the machine's front panel. */
export type AtxSwitch = 'power' | 'reset';

/** The front panel of a machine, raw: waiting and busy regions are `Atx`'s. */
export interface AtxDriver extends AsyncDisposable {
  readonly enabled: boolean;
  readonly leds: ReadonlyCell<AtxLeds>;
  /** Lengths of a short and a long press, ms. */
  readonly clickMs: number;
  readonly longClickMs: number;
  /**
   * Holds a button for `ms` and releases it; resolves when it is up. It is released also when
   * `signal` aborts. Throws when the button cannot be reached.
   */
  press(button: AtxSwitch, ms: number, signal: AbortSignal): Promise<void>;
}
