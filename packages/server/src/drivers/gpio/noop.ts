import type { GpioDriver, PinLevels } from '../../core/gpio-driver.ts';
import { StateCell } from '../../core/state.ts';
import type { GpioContext } from './context.ts';

/** Pins that are off, whatever is written to them. */
export class NoopDriver implements GpioDriver {
  readonly levels: StateCell<PinLevels>;

  constructor(_options: object, { pins }: GpioContext) {
    this.levels = new StateCell<PinLevels>(new Map(pins.map(({ pin }) => [pin, false])));
  }

  async write(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}
