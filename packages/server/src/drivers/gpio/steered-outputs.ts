import type { HelperProcess } from '../../platform/helper-process.ts';
import { parseSetLine, setCommand } from '../../protocols/gpiod-tools.ts';
import type { GpiodTools } from './gpiod-tools.ts';
import { firstLevel, type HeldOutputs, type HeldPin } from './held-outputs.ts';
import { withLimit } from './with-limit.ts';

/** How long gpioset may take to set a level, ms. */
const SET_MS = 2000;

/** Outputs of one interactive gpioset, which changes levels without letting go. */
export class SteeredOutputs implements HeldOutputs {
  readonly lost: Promise<never>;
  readonly offsets: readonly number[];
  readonly #helper: HelperProcess;
  readonly #offsetOf: ReadonlyMap<string, number>;
  readonly #answers: Answers;
  readonly #levels: Map<string, boolean>;

  private constructor(
    pins: readonly HeldPin[],
    levels: ReadonlyMap<string, boolean>,
    helper: HelperProcess,
    answers: Answers,
  ) {
    this.#levels = new Map(levels);
    this.#offsetOf = new Map(pins.map(({ pin, offset }) => [pin.pin, offset]));
    this.offsets = [...new Set(this.#offsetOf.values())];
    this.#helper = helper;
    this.#answers = answers;
    this.lost = helper.ended;
  }

  get levels(): ReadonlyMap<string, boolean> {
    return this.#levels;
  }

  /** Takes the lines with these levels by pin, or else their first ones. */
  static async open(
    tools: GpiodTools,
    chip: string,
    pins: readonly HeldPin[],
    wanted: ReadonlyMap<string, boolean>,
    signal: AbortSignal,
  ): Promise<SteeredOutputs> {
    const levels = new Map(
      pins.map(({ pin }) => [pin.pin, wanted.get(pin.pin) ?? firstLevel(pin)]),
    );
    const lines = new Map(pins.map(({ pin, offset }) => [offset, levels.get(pin.pin) ?? false]));
    const answers = new Answers();
    const helper = await tools.hold(chip, lines, (text) => answers.push(text), signal);
    return new SteeredOutputs(pins, levels, helper, answers);
  }

  async write(pin: string, level: boolean, signal: AbortSignal): Promise<void> {
    const offset = this.#offsetOf.get(pin);
    if (offset === undefined) throw new Error(`There is no output ${pin}`);
    const before = this.#helper.complaints;
    const answer = this.#answers.next();
    this.#helper.write(setCommand(offset, level));
    const told = await withLimit(SET_MS, [signal], (either) => {
      const late = new Promise<never>((_, reject) => {
        either.addEventListener('abort', () => reject(either.reason), { once: true });
      });
      return Promise.race([this.#helper.ended, answer, late]);
    });
    // It complains before it answers, but in another pipe, which is read in the same turn.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#helper.complaints !== before) throw new Error(this.#helper.complaints.trim());
    if (told[0] !== offset || told[1] !== level) throw new Error('gpioset set another line');
    this.#levels.set(pin, level);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#helper[Symbol.asyncDispose]();
  }
}

type Answer = readonly [offset: number, level: boolean];

/** What gpioset answers; one waits at a time. */
class Answers {
  #resolve: (answer: Answer) => void = () => undefined;

  push(text: string): void {
    const answer = parseSetLine(text);
    if (answer) this.#resolve(answer);
  }

  next(): Promise<Answer> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }
}
