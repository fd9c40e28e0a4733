import { KvmError } from '@crashcart/api';
import type { HelperProcess } from '../../platform/helper-process.ts';
import type { GpiodTools } from './gpiod-tools.ts';
import { firstLevel, type HeldOutputs, type HeldPin } from './held-outputs.ts';

/** What a lost gpioset may have left on outlives the outputs that had it, by pin. */
export type LeftOn = Set<string>;

/** How long a line that is on may take to be set off when it is given up, ms. */
const LAST_MS = 3000;
const NOTHING = () => undefined;

/**
 * Outputs of a gpioset that cannot change a level without letting go of the line. Those with a first
 * level keep it. Those without one are left to their wiring, and are held only while they are on.
 */
export class FixedOutputs implements HeldOutputs {
  readonly lost: Promise<never>;
  readonly offsets: readonly number[];
  readonly #tools: GpiodTools;
  readonly #chip: string;
  readonly #pins: ReadonlyMap<string, HeldPin>;
  readonly #keeper: HelperProcess | undefined;
  readonly #leftOn: LeftOn;
  readonly #levels: Map<string, boolean>;
  /** Those that are on, by pin. */
  readonly #on = new Map<string, HelperProcess>();
  #lose: (error: unknown) => void = NOTHING;

  private constructor(
    tools: GpiodTools,
    chip: string,
    pins: readonly HeldPin[],
    leftOn: LeftOn,
    keeper: HelperProcess | undefined,
  ) {
    this.#tools = tools;
    this.#chip = chip;
    this.#pins = new Map(pins.map((held) => [held.pin.pin, held]));
    this.#levels = new Map(pins.map(({ pin }) => [pin.pin, firstLevel(pin)]));
    this.#leftOn = leftOn;
    this.#keeper = keeper;
    this.offsets = [...keptOf(pins).keys()];
    this.lost = new Promise((_, reject) => {
      this.#lose = reject;
    });
    this.lost.catch(NOTHING);
    keeper?.ended.catch((error: unknown) => this.#lose(error));
  }

  get levels(): ReadonlyMap<string, boolean> {
    return this.#levels;
  }

  /** Takes the lines that have a first level, and sets those off that were left on. */
  static async open(
    tools: GpiodTools,
    chip: string,
    pins: readonly HeldPin[],
    leftOn: LeftOn,
    signal: AbortSignal,
  ): Promise<FixedOutputs> {
    for (const held of pins.filter(({ pin }) => leftOn.has(pin.pin))) {
      await setOff(tools, chip, held, signal);
      leftOn.delete(held.pin.pin);
    }
    const kept = keptOf(pins);
    const keeper = kept.size > 0 ? await tools.hold(chip, kept, NOTHING, signal) : undefined;
    return new FixedOutputs(tools, chip, pins, leftOn, keeper);
  }

  async write(name: string, level: boolean, signal: AbortSignal): Promise<void> {
    const held = this.#pins.get(name);
    if (!held) throw new Error(`There is no output ${name}`);
    const { initial, off = false } = held.pin;
    if (initial !== undefined) {
      if (level === initial) return;
      const { version } = await this.#tools.dialect(signal);
      throw new KvmError('GpioSwitchNotSupported', refusal(version, name));
    }
    if (level === off) await this.#turnOff(name, held, signal);
    else if (!this.#on.has(name)) await this.#turnOn(name, held, signal);
    this.#levels.set(name, level);
  }

  /** Lets everything go; what is on is set off, now or by those who open the lines next. */
  async [Symbol.asyncDispose](): Promise<void> {
    const helpers = [...this.#on.values(), ...(this.#keeper ? [this.#keeper] : [])];
    this.#on.clear();
    await Promise.all(helpers.map((helper) => helper[Symbol.asyncDispose]()));
    for (const name of this.#leftOn) {
      const held = this.#pins.get(name);
      if (!held) continue;
      await setOff(this.#tools, this.#chip, held, AbortSignal.timeout(LAST_MS)).then(
        () => this.#leftOn.delete(name),
        NOTHING,
      );
    }
  }

  async #turnOn(name: string, { pin, offset }: HeldPin, signal: AbortSignal): Promise<void> {
    this.#leftOn.add(name);
    const levels = new Map([[offset, !(pin.off ?? false)]]);
    const helper = await this.#tools.hold(this.#chip, levels, NOTHING, signal);
    this.#on.set(name, helper);
    helper.ended.catch((error: unknown) => {
      if (this.#on.get(name) === helper) this.#lose(error);
    });
  }

  async #turnOff(name: string, held: HeldPin, signal: AbortSignal): Promise<void> {
    const helper = this.#on.get(name);
    this.#on.delete(name);
    await helper?.[Symbol.asyncDispose]();
    await setOff(this.#tools, this.#chip, held, signal);
    this.#leftOn.delete(name);
  }
}

function setOff(tools: GpiodTools, chip: string, { pin, offset }: HeldPin, signal: AbortSignal) {
  return tools.set(chip, offset, pin.off ?? false, signal);
}

/** Those that have a first level, with it. */
function keptOf(pins: readonly HeldPin[]): ReadonlyMap<number, boolean> {
  return new Map(
    pins.flatMap(({ pin, offset }) =>
      pin.initial === undefined ? [] : [[offset, pin.initial] as const],
    ),
  );
}

/** Why a held level cannot change, and what to do. */
function refusal(version: string, pin: string): string {
  return (
    `gpioset ${version} would let go of line ${pin} to change it, so it keeps its level: ` +
    'run `npm install koffi`, use a gpioset with --interactive, or set `initial: null`'
  );
}
