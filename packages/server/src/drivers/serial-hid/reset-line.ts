import type { Log } from '../../core/log.ts';
import { sleep } from '../../core/sleep.ts';
import type { GpioCalls } from '../../platform/gpio-calls.ts';
import { GpioLines } from '../gpio/gpio-lines.ts';

/** What a reset line is made of. */
export interface ResetLineOptions {
  /** For instance /dev/gpiochip0, and the number of a line of it. */
  readonly chip: string;
  readonly pin: number;
  /** Whether a low line resets. */
  readonly isInverted: boolean;
  readonly pulseMs: number;
  /** How long the device is let alone after that. */
  readonly settleMs: number;
  readonly calls: GpioCalls;
  readonly log: Log;
}

/** The line of a GPIO chip at a device's reset; ours from the first pulse on. */
export class ResetLine implements Disposable {
  readonly #options: ResetLineOptions;
  #lines: GpioLines | undefined;
  #told = false;

  constructor(options: ResetLineOptions) {
    this.#options = options;
  }

  /** Resets the device. A line that cannot be used is told once. Rejects when `signal` aborts. */
  async pulse(signal: AbortSignal): Promise<void> {
    const { pin, isInverted, pulseMs, settleMs } = this.#options;
    try {
      this.#set(!isInverted);
      try {
        await sleep(pulseMs, signal);
      } finally {
        this.#lines?.set(pin, isInverted);
      }
      await sleep(settleMs, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      this.#complain(error);
    }
  }

  [Symbol.dispose](): void {
    this.#lines?.[Symbol.dispose]();
  }

  #set(level: boolean): void {
    const { calls, chip, pin } = this.#options;
    if (this.#lines) this.#lines.set(pin, level);
    else this.#lines = GpioLines.request(calls, chip, { outputs: new Map([[pin, level]]) });
  }

  #complain(error: unknown): void {
    this.#lines?.[Symbol.dispose]();
    this.#lines = undefined;
    if (this.#told) return;
    this.#told = true;
    const message =
      'The bridge is not reset: hid.reset_pin names its line, and -1 says that it has none';
    this.#options.log.warn({ device: this.#options.chip, err: error }, message);
  }
}
