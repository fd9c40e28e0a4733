import { KvmError } from '@crashcart/api';
import { Exclusive } from './exclusive.ts';
import type { GpioDriver } from './gpio-driver.ts';
import { sleep } from './sleep.ts';
import type { ReadonlyCell } from './state.ts';

/** An output channel as it is configured. */
export interface GpioOutputChannel {
  readonly mode: 'output';
  /** Name of the driver. */
  readonly driver: string;
  readonly pin: string;
  readonly inverted: boolean;
  /** Whether it may be switched on and off. */
  readonly switch: boolean;
  /** Undefined: it cannot be pulsed. Times in ms. */
  readonly pulse:
    | { readonly delayMs: number; readonly minDelayMs: number; readonly maxDelayMs: number }
    | undefined;
  /** How long it stays busy after an act, ms. */
  readonly busyDelayMs: number;
}

/** One output line: one act at a time, and a pause after it. */
export class GpioOutput {
  readonly #channel: GpioOutputChannel;
  readonly #driver: GpioDriver;
  readonly #signal: AbortSignal;
  readonly #region = new Exclusive('GpioChannelIsBusyError');

  /** `signal` ends pulses early; the line goes back even then. */
  constructor(channel: GpioOutputChannel, driver: GpioDriver, signal: AbortSignal) {
    this.#channel = channel;
    this.#driver = driver;
    this.#signal = signal;
  }

  get busy(): ReadonlyCell<boolean> {
    return this.#region.busy;
  }

  /** Sets the line; resolves when it is free again. Throws GpioSwitchNotSupported, busy, offline. */
  async switch(state: boolean): Promise<void> {
    if (!this.#channel.switch) throw new KvmError('GpioSwitchNotSupported');
    await this.#region.run(async () => {
      await this.#write(state, this.#signal);
      await sleep(this.#channel.busyDelayMs, this.#signal);
    });
  }

  /**
   * Sets the line for `delayMs`, moved into its limits; 0 = the channel's own. Resolves when it is
   * free again. Throws GpioPulseNotSupported, busy, offline.
   */
  async pulse(delayMs: number): Promise<void> {
    const { pulse, busyDelayMs } = this.#channel;
    if (!pulse) throw new KvmError('GpioPulseNotSupported');
    const wanted = delayMs > 0 ? delayMs : pulse.delayMs;
    const ms = Math.min(pulse.maxDelayMs, Math.max(pulse.minDelayMs, wanted));
    await this.#region.run(async () => {
      try {
        await this.#write(true, this.#signal);
        await sleep(ms, this.#signal);
      } finally {
        await this.#write(false);
      }
      await sleep(busyDelayMs, this.#signal);
    });
  }

  async #write(state: boolean, signal?: AbortSignal): Promise<void> {
    const { driver, pin, inverted } = this.#channel;
    try {
      await this.#driver.write(pin, state !== inverted, signal);
    } catch (error) {
      if (error instanceof KvmError) throw error;
      signal?.throwIfAborted();
      throw new KvmError('GpioDriverOfflineError', `GPIO driver ${driver} is offline`, {
        cause: error,
      });
    }
  }
}
