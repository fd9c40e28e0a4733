import type { Log } from '../../core/log.ts';
import type { GpioCalls } from '../../platform/gpio-calls.ts';
import { GpioLines } from '../gpio/gpio-lines.ts';

/** What a power line is made of. */
export interface PowerLineOptions {
  /** For instance /dev/gpiochip0, and the number of a line of it. */
  readonly chip: string;
  readonly pin: number;
  /** Whether the chip pulls it low, so that an open wire is no power. */
  readonly pullsDown: boolean;
  readonly calls: GpioCalls;
  readonly log: Log;
}

/**
 * The line of a GPIO chip that is high while a device has power, as one that lives on the machine's USB
 * has. A line that cannot be read is told once, and counts as high: the device may answer all the same.
 */
export class PowerLine implements Disposable {
  readonly #options: PowerLineOptions;
  #lines: GpioLines | undefined;
  #told = false;

  constructor(options: PowerLineOptions) {
    this.#options = options;
  }

  /** Whether the device has power now. */
  get isOn(): boolean {
    const { calls, chip, pin, pullsDown } = this.#options;
    try {
      this.#lines ??= GpioLines.request(calls, chip, { inputs: [pin], pullsDown });
      return this.#lines.levels().get(pin) ?? true;
    } catch (error) {
      this.#complain(error);
      return true;
    }
  }

  [Symbol.dispose](): void {
    this.#lines?.[Symbol.dispose]();
    this.#lines = undefined;
  }

  #complain(error: unknown): void {
    this[Symbol.dispose]();
    if (this.#told) return;
    this.#told = true;
    const message =
      'Whether the bridge has power is not known: hid.power_detect_pin names its line, and -1 says that it has none';
    this.#options.log.warn({ device: this.#options.chip, err: error }, message);
  }
}
