import type { GpioPin } from '../../core/gpio-driver.ts';
import { DerivedCell } from '../../core/state.ts';
import type { ChipDriver, GpioChipOptions } from './chip-driver.ts';
import type { GpioContext } from './context.ts';
import { GpiodInputs } from './gpiod-inputs.ts';
import { GpiodOutputs } from './gpiod-outputs.ts';
import { GpiodTools } from './gpiod-tools.ts';

/**
 * Lines of a GPIO chip by the programs of libgpiod. Inputs and outputs are looked after apart, so that
 * an output is not let go because a program that watches inputs has ended.
 */
export class GpiodDriver implements ChipDriver {
  readonly levels;
  readonly #inputs: GpiodInputs | undefined;
  readonly #outputs: GpiodOutputs | undefined;

  constructor({ device }: GpioChipOptions, context: GpioContext) {
    const tools = new GpiodTools(context.system?.gpiod);
    const only = (mode: GpioPin['mode']) => context.pins.filter((pin) => pin.mode === mode);
    const [inputs, outputs] = [only('input'), only('output')];
    if (inputs.length > 0) {
      this.#inputs = new GpiodInputs(device, tools, { ...context, pins: inputs });
    }
    if (outputs.length > 0) {
      this.#outputs = new GpiodOutputs(device, tools, { ...context, pins: outputs });
    }
    const sources = [this.#inputs, this.#outputs].flatMap((part) => (part ? [part.levels] : []));
    this.levels = new DerivedCell(sources, () => {
      return new Map(sources.flatMap((source) => [...source.value]));
    });
  }

  async write(pin: string, level: boolean): Promise<void> {
    await this.#outputOf(pin).write(pin, level);
  }

  async writeForSure(pin: string, level: boolean): Promise<void> {
    await this.#outputOf(pin).writeForSure(pin, level);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([
      this.#inputs?.[Symbol.asyncDispose](),
      this.#outputs?.[Symbol.asyncDispose](),
    ]);
    this.levels.close();
  }

  #outputOf(pin: string): GpiodOutputs {
    if (!this.#outputs) throw new Error(`There is no output ${pin}`);
    return this.#outputs;
  }
}
