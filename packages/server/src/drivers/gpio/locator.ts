import type { GpioDriver, PinLevels } from '../../core/gpio-driver.ts';
import type { ReadonlyCell } from '../../core/state.ts';
import { type GpioCalls, SYSTEM_GPIO_CALLS } from '../../platform/gpio-calls.ts';
import { Alarm } from './alarm.ts';
import type { GpioChipOptions } from './chip-driver.ts';
import type { GpioContext } from './context.ts';
import { DeviceLoop, type DeviceSession } from './device-loop.ts';
import { findLines } from './gpio-chip.ts';
import { GpioLines } from './gpio-lines.ts';

/** How long a lamp is lit, and then dark, ms. */
const BLINK_MS = 100;

/** Lines of a GPIO chip that blink while they are on. They start dark, whatever `initial` says. */
export class LocatorDriver implements GpioDriver {
  readonly #device: string;
  readonly #calls: GpioCalls;
  readonly #pins: readonly string[];
  readonly #loop: DeviceLoop;
  readonly #alarm = new Alarm();
  readonly #blinking = new Set<string>();
  #lines: GpioLines | undefined;
  #publish: () => void = () => undefined;

  constructor({ device }: GpioChipOptions, context: GpioContext) {
    this.#device = device;
    this.#calls = context.system?.gpio ?? SYSTEM_GPIO_CALLS;
    this.#pins = context.pins.map(({ pin }) => pin);
    this.#loop = new DeviceLoop(context, (session) => this.#serve(session));
  }

  get levels(): ReadonlyCell<PinLevels> {
    return this.#loop.levels;
  }

  async write(pin: string, level: boolean): Promise<void> {
    if (!this.#lines) throw this.#loop.unavailable(this.#device);
    // At once, and not when the others turn, so that a short time shows, too.
    this.#lines.set(Number(pin), level);
    if (level) this.#blinking.add(pin);
    else this.#blinking.delete(pin);
    this.#publish();
    // Wakes the loop that waits for the first lamp.
    if (this.#blinking.size === 1) this.#alarm.ring();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loop[Symbol.asyncDispose]();
  }

  async #serve({ signal, online }: DeviceSession): Promise<void> {
    const { path, offsets } = findLines(this.#calls, this.#device, this.#pins);
    const dark = new Map([...offsets.values()].map((offset) => [offset, false]));
    using lines = GpioLines.request(this.#calls, path, { outputs: dark });
    this.#lines = lines;
    this.#publish = () => online(new Map(this.#pins.map((pin) => [pin, this.#blinking.has(pin)])));
    this.#publish();
    try {
      for (let lit = false; ; lit = !lit) {
        for (const pin of this.#blinking) lines.set(Number(pin), lit);
        await this.#alarm.wait(this.#blinking.size > 0 ? BLINK_MS : undefined, signal);
      }
    } finally {
      this.#lines = undefined;
      for (const pin of this.#blinking) lines.set(Number(pin), false);
    }
  }
}
