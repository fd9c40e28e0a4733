import type { ReadonlyCell } from './state.ts';

/** Which way a line goes, seen from us. */
export type GpioMode = 'input' | 'output';

/** The raw levels of the pins that answer now; a pin that is not among them is offline. */
export type PinLevels = ReadonlyMap<string, boolean>;

/** A pin that a channel uses, as its driver sees it. */
export interface GpioPin {
  readonly pin: string;
  readonly mode: GpioMode;
  /** Raw level of an output at start; undefined = it is left alone. */
  readonly initial: boolean | undefined;
  /** Raw level of an output that is off; low unless told. */
  readonly off?: boolean;
  /** How long an input is not looked at after a change, ms. */
  readonly debounceMs: number;
}

/**
 * Some lines of one device, raw: inversion, pulses and busy regions are `Gpio`'s. It looks after its
 * device by itself: when the device goes, its pins leave the cell, and return with it.
 */
export interface GpioDriver extends AsyncDisposable {
  readonly levels: ReadonlyCell<PinLevels>;
  /**
   * Sets the level of an output; resolves when the device has it. Rejects when the device cannot be
   * reached, or when `signal` aborts.
   */
  write(pin: string, level: boolean, signal?: AbortSignal): Promise<void>;
}
