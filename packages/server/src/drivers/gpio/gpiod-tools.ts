import { resolve } from 'node:path';
import { sleep } from '../../core/sleep.ts';
import { isSystemError } from '../../platform/files.ts';
import { SYSTEM_GPIO_CALLS } from '../../platform/gpio-calls.ts';
import { HelperProcess } from '../../platform/helper-process.ts';
import { programAnswer } from '../../platform/program-answer.ts';
import {
  GPIOD_COMMANDS,
  type GpiodCommand,
  type GpiodDialect,
  parseChips,
  parseDialect,
  parseLevels,
  parseLines,
} from '../../protocols/gpiod-tools.ts';
import type { GpiodSystem } from './context.ts';
import { withLimit } from './with-limit.ts';

/** How long a program may take to answer, ms; boxes with such chips are slow. */
const ANSWER_MS = 5000;
/** How long one that was started to hold lines may take to have them, and how often we look, ms. */
const HOLD_MS = 5000;
const LOOK_MS = 20;
/** How often held lines are looked at and inputs are read anew, ms. */
const CHECK_MS = 10_000;
/** A chip as the programs take it: a path, a number or the name of its device. */
const CHIP = /^(\/.*|\d+|gpiochip\d+)$/;

/** Lines of a chip as the programs call them. */
export interface GpiodLines {
  readonly chip: string;
  /** Numbers of the lines by pin. */
  readonly offsets: ReadonlyMap<string, number>;
}

/** The programs of libgpiod. Everything rejects with a sentence, or the reason of its signal. */
export class GpiodTools {
  readonly checkMs: number;
  readonly #launch: (command: GpiodCommand) => GpiodCommand;
  readonly #isUnpluggable: (path: string) => boolean;
  #dialect: GpiodDialect | undefined;

  constructor({
    launch = (command) => command,
    checkMs = CHECK_MS,
    isUnpluggable = SYSTEM_GPIO_CALLS.isUnpluggable,
  }: GpiodSystem = {}) {
    this.#launch = launch;
    this.#isUnpluggable = isUnpluggable;
    this.checkMs = checkMs;
  }

  /** Whether the chip can be unplugged: its edges must not be watched; see `GpioChipDriver`. */
  isUnpluggable({ chip }: GpiodLines): boolean {
    const name = /^\d+$/.test(chip) ? `gpiochip${chip}` : chip;
    return this.#isUnpluggable(resolve('/dev', name));
  }

  /** What the programs can do; they are asked until they have answered once. */
  async dialect(signal: AbortSignal): Promise<GpiodDialect> {
    if (this.#dialect) return this.#dialect;
    const version = await this.#ask(['gpioset', '--version'], signal);
    const dialect = parseDialect(version, await this.#ask(['gpioset', '--help'], signal));
    if (!dialect) {
      throw new Error(`This version of libgpiod is not known: ${version.split('\n', 1)[0]}`);
    }
    this.#dialect = dialect;
    return dialect;
  }

  /** Finds a chip by path, name, number or label, and free lines of it by number or name. */
  async find(device: string, pins: readonly string[], signal: AbortSignal): Promise<GpiodLines> {
    const chip = CHIP.test(device) ? device : await this.#labelled(device, signal);
    const lines = await this.#lines(chip, signal);
    const offsets = new Map<string, number>();
    for (const pin of pins) {
      const line = lines.find(({ offset, name }) => String(offset) === pin || name === pin);
      if (!line) throw new Error(`${device} has no line ${pin}`);
      if (line.user !== undefined) {
        throw new Error(`Line ${pin} of ${device} cannot be used: ${line.user} has it`);
      }
      offsets.set(pin, line.offset);
    }
    return { chip, offsets };
  }

  /** The levels of free lines. */
  async levels({ chip, offsets }: GpiodLines, signal: AbortSignal) {
    const asked = [...new Set(offsets.values())];
    const command = GPIOD_COMMANDS.get(await this.dialect(signal), chip, asked);
    const output = await this.#ask(command, signal);
    const levels = parseLevels(output, asked.length);
    if (!levels) throw new Error(`gpioget answered with something else: ${output.slice(0, 200)}`);
    return asked.map((offset, index) => [offset, levels[index] ?? false] as const);
  }

  /** Follows the edges of free lines; resolves when it has them. */
  async watch(
    { chip, offsets }: GpiodLines,
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<HelperProcess> {
    const asked = [...new Set(offsets.values())];
    const command = GPIOD_COMMANDS.watch(await this.dialect(signal), chip, asked);
    return this.#start(command, chip, asked, onLine, signal);
  }

  /** Drives free lines; resolves when they have their levels, which stay until it is disposed. */
  async hold(
    chip: string,
    levels: ReadonlyMap<number, boolean>,
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<HelperProcess> {
    const command = GPIOD_COMMANDS.hold(await this.dialect(signal), chip, levels);
    return this.#start(command, chip, [...levels.keys()], onLine, signal);
  }

  /** Drives a free line and lets it go. */
  async set(chip: string, offset: number, level: boolean, signal: AbortSignal): Promise<void> {
    const levels = new Map([[offset, level]]);
    await this.#ask(GPIOD_COMMANDS.set(await this.dialect(signal), chip, levels), signal);
  }

  /** Rejects when one of these lines is not held by anybody. */
  async checkHeld(chip: string, offsets: Iterable<number>, signal: AbortSignal): Promise<void> {
    const free = await this.#firstFree(chip, offsets, signal);
    if (free !== undefined) throw new Error(`Line ${free} of ${chip} was let go`);
  }

  async #start(
    command: GpiodCommand,
    chip: string,
    offsets: readonly number[],
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<HelperProcess> {
    const helper = await HelperProcess.start(this.#launch(command), onLine);
    try {
      // Not every version says when it has its lines; the kernel's list of users does.
      await withLimit(HOLD_MS, [signal], (either) => {
        return Promise.race([helper.ended, this.#untilHeld(chip, offsets, either)]);
      });
      return helper;
    } catch (error) {
      await helper[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #untilHeld(chip: string, offsets: readonly number[], signal: AbortSignal): Promise<void> {
    while ((await this.#firstFree(chip, offsets, signal)) !== undefined) {
      await sleep(LOOK_MS, signal);
    }
  }

  async #firstFree(chip: string, offsets: Iterable<number>, signal: AbortSignal) {
    const lines = await this.#lines(chip, signal);
    const used = lines.filter(({ user }) => user !== undefined);
    return [...offsets].find((offset) => !used.some((line) => line.offset === offset));
  }

  async #labelled(label: string, signal: AbortSignal): Promise<string> {
    const chip = parseChips(await this.#ask(['gpiodetect'], signal)).get(label);
    if (chip === undefined) throw new Error(`There is no GPIO chip ${label}`);
    return chip;
  }

  async #lines(chip: string, signal: AbortSignal) {
    const command = GPIOD_COMMANDS.info(await this.dialect(signal), chip);
    return parseLines(await this.#ask(command, signal));
  }

  #ask(command: GpiodCommand, signal: AbortSignal): Promise<string> {
    return withLimit(ANSWER_MS, [signal], async (either) => {
      try {
        const { code, out, err } = await programAnswer(this.#launch(command), '', either);
        if (code === 0) return out;
        throw new Error(err.trim() || `${command[0]} ended with ${code}`);
      } catch (error) {
        either.throwIfAborted();
        if (!isSystemError(error, 'ENOENT')) throw error;
        const remedy = 'install gpiod, or run `npm install koffi`';
        throw new Error(`The program ${command[0]} is missing: ${remedy}`, { cause: error });
      }
    });
  }
}
