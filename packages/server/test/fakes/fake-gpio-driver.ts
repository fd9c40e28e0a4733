import { Gpio, type GpioOptions } from '../../src/core/gpio.ts';
import type { GpioDriver, PinLevels } from '../../src/core/gpio-driver.ts';
import { silentLog } from '../../src/core/log.ts';
import { StateCell } from '../../src/core/state.ts';

/** Lines that a test sets and reads. */
export class FakeGpioDriver implements GpioDriver {
  readonly levels: StateCell<PinLevels>;
  /** Every write: the pin and its level. */
  readonly writes: [string, boolean][] = [];
  /** What a write throws, when it shall fail. */
  failure: Error | undefined;

  constructor(levels: Readonly<Record<string, boolean>> = {}) {
    this.levels = new StateCell<PinLevels>(new Map(Object.entries(levels)));
  }

  /** Sets a line from outside; undefined takes it offline. */
  input(pin: string, level: boolean | undefined): void {
    const levels = new Map(this.levels.value);
    if (level === undefined) levels.delete(pin);
    else levels.set(pin, level);
    this.levels.set(levels);
  }

  async write(pin: string, level: boolean): Promise<void> {
    if (this.failure) throw this.failure;
    this.writes.push([pin, level]);
    this.input(pin, level);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** A machine's user lines, none unless told. */
export function fakeGpio(options: Partial<GpioOptions> = {}): Gpio {
  const view = { title: 'GPIO', table: [] };
  return new Gpio({ drivers: new Map(), channels: new Map(), view, log: silentLog, ...options });
}
