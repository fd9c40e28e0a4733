import { KvmError } from '@crashcart/api';
import { sleep } from '../../core/sleep.ts';
import type { GpioContext } from './context.ts';
import { DeviceLoop, type DeviceSession } from './device-loop.ts';
import { FixedOutputs, type LeftOn } from './fixed-outputs.ts';
import type { GpiodTools } from './gpiod-tools.ts';
import type { HeldOutputs } from './held-outputs.ts';
import { SteeredOutputs } from './steered-outputs.ts';
import { withLimit } from './with-limit.ts';

/** Output lines by gpioset, in the way that the one of this system allows. */
export class GpiodOutputs implements AsyncDisposable {
  readonly #device: string;
  readonly #tools: GpiodTools;
  readonly #context: GpioContext;
  readonly #loop: DeviceLoop;
  /** What was written last, by pin, also before the lines were lost. */
  readonly #wanted = new Map<string, boolean>();
  readonly #leftOn: LeftOn = new Set();
  #held: HeldOutputs | undefined;
  #fail: (error: unknown) => void = () => undefined;
  #publish: () => void = () => undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(device: string, tools: GpiodTools, context: GpioContext) {
    this.#device = device;
    this.#tools = tools;
    this.#context = context;
    this.#loop = new DeviceLoop(context, (session) => this.#serve(session));
  }

  get levels() {
    return this.#loop.levels;
  }

  /** Throws GpioSwitchNotSupported when the level cannot be had without a gap. */
  async write(pin: string, level: boolean): Promise<void> {
    const written = this.#turn.then(() => this.#write(pin, level));
    this.#turn = written.catch(() => undefined);
    await written;
  }

  /** As `write`, and when that fails the output has the level as soon as the lines are ours again. */
  async writeForSure(pin: string, level: boolean): Promise<void> {
    this.#wanted.set(pin, level);
    await this.write(pin, level);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loop[Symbol.asyncDispose]();
  }

  async #write(pin: string, level: boolean): Promise<void> {
    if (!this.#held) throw this.#loop.unavailable(this.#device);
    try {
      await this.#held.write(pin, level, this.#loop.signal);
    } catch (error) {
      // Nobody knows what the line has now; it is taken anew.
      if (!(error instanceof KvmError)) this.#fail(error);
      throw error;
    }
    this.#wanted.set(pin, level);
    this.#publish();
  }

  async #serve({ signal, online }: DeviceSession): Promise<void> {
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    failed.catch(() => undefined);
    const { chip, held: opened } = await this.#open(signal);
    await using held = opened;
    this.#held = held;
    this.#publish = () => online(new Map(held.levels));
    this.#publish();
    try {
      while (true) {
        await withLimit(undefined, [signal], (either) => {
          return Promise.race([held.lost, failed, sleep(this.#tools.checkMs, either)]);
        });
        await this.#tools.checkHeld(chip, held.offsets, signal);
      }
    } finally {
      this.#held = undefined;
      this.#publish = () => undefined;
      await this.#turn;
    }
  }

  async #open(signal: AbortSignal): Promise<{ chip: string; held: HeldOutputs }> {
    const { pins } = this.#context;
    const tools = this.#tools;
    const names = pins.map(({ pin }) => pin);
    const { chip, offsets } = await tools.find(this.#device, names, signal);
    const lines = pins.flatMap((pin) => {
      const offset = offsets.get(pin.pin);
      return offset === undefined ? [] : [{ pin, offset }];
    });
    const { isInteractive } = await tools.dialect(signal);
    const held = isInteractive
      ? await SteeredOutputs.open(tools, chip, lines, this.#wanted, signal)
      : await FixedOutputs.open(tools, chip, lines, this.#leftOn, signal);
    return { chip, held };
  }
}
