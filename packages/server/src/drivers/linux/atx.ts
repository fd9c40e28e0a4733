import { KvmError } from '@crashcart/api';
import type { AtxDriver, AtxLeds, AtxSwitch } from '../../core/atx-driver.ts';
import type { GpioPin } from '../../core/gpio-driver.ts';
import type { Log } from '../../core/log.ts';
import { sleep } from '../../core/sleep.ts';
import { DerivedCell } from '../../core/state.ts';
import { createChip } from '../gpio/chip.ts';
import type { ChipDriver, GpioChipOptions } from '../gpio/chip-driver.ts';
import type { GpioContext } from '../gpio/context.ts';

/**
 * Options of the driver, named as in the configuration; pins are numbers or names of lines, times in
 * s.
 */
export interface GpioAtxOptions extends GpioChipOptions {
  readonly power_led_pin: string;
  readonly hdd_led_pin: string;
  /** Whether a LED shines when its line is low. */
  readonly power_led_inverted: boolean;
  readonly hdd_led_inverted: boolean;
  /** How long a line is not looked at after it changed. */
  readonly power_led_debounce: number;
  readonly hdd_led_debounce: number;
  readonly power_switch_pin: string;
  readonly reset_switch_pin: string;
  /** Lengths of a short and a long press. */
  readonly click_delay: number;
  readonly long_click_delay: number;
}

/** What the driver gets besides. */
export interface GpioAtxContext extends Pick<GpioContext, 'system' | 'retryMs'> {
  readonly log: Log;
}

/** The front panel of a machine by lines of a GPIO chip: a switch is pressed by a high line. */
export class GpioAtx implements AtxDriver {
  readonly enabled = true;
  readonly leds: DerivedCell<AtxLeds>;
  readonly clickMs: number;
  readonly longClickMs: number;
  readonly #switches: Readonly<Record<AtxSwitch, string>>;
  readonly #lines: ChipDriver;
  readonly #log: Log;

  constructor(options: GpioAtxOptions, context: GpioAtxContext) {
    this.clickMs = options.click_delay * 1000;
    this.longClickMs = options.long_click_delay * 1000;
    this.#log = context.log;
    this.#switches = {
      power: options.power_switch_pin,
      reset: options.reset_switch_pin,
    };
    const power = input(options.power_led_pin, options.power_led_debounce);
    const hdd = input(options.hdd_led_pin, options.hdd_led_debounce);
    const pins = [power, hdd, ...Object.values(this.#switches).map(output)];
    this.#lines = createChip(options, { name: 'atx', pins, ...context });
    // A line that cannot be read is no light, whichever way it shines.
    const isLit = ({ pin }: GpioPin, inverted: boolean) =>
      (this.#lines.levels.value.get(pin) ?? inverted) !== inverted;
    this.leds = new DerivedCell<AtxLeds>([this.#lines.levels], () => ({
      power: isLit(power, options.power_led_inverted),
      hdd: isLit(hdd, options.hdd_led_inverted),
    }));
  }

  async press(button: AtxSwitch, ms: number, signal: AbortSignal): Promise<void> {
    const pin = this.#switches[button];
    try {
      await this.#lines.write(pin, true);
    } catch (error) {
      const message = `The ${button} button cannot be reached: ${String(error)}`;
      throw new KvmError('UnavailableError', message, { cause: error });
    }
    try {
      await sleep(ms, signal);
    } finally {
      await this.#release(button, pin);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.leds.close();
    await this.#lines[Symbol.asyncDispose]();
  }

  async #release(button: AtxSwitch, pin: string): Promise<void> {
    try {
      await this.#lines.writeForSure(pin, false);
    } catch (error) {
      // The chip has gone: its lines are low when it comes back.
      this.#log.error({ err: error, button }, 'The button could not be let go');
    }
  }
}

const input = (pin: string, debounceS: number): GpioPin => ({
  ...{ pin, mode: 'input', initial: undefined, debounceMs: debounceS * 1000 },
});

const output = (pin: string): GpioPin => ({ pin, mode: 'output', initial: false, debounceMs: 0 });
