import { Debounce } from '../../core/debounce.ts';
import type { GpioDriver, GpioPin, PinLevels } from '../../core/gpio-driver.ts';
import { sleep } from '../../core/sleep.ts';
import type { ReadonlyCell } from '../../core/state.ts';
import { type GpioCalls, SYSTEM_GPIO_CALLS } from '../../platform/gpio-calls.ts';
import type { GpioContext } from './context.ts';
import { DeviceLoop, type DeviceSession } from './device-loop.ts';
import { GpioLines } from './gpio-lines.ts';

/** Options of the driver, named as in the configuration. */
export interface GpioChipOptions {
  /** The chip, for instance /dev/gpiochip0. */
  readonly device: string;
}

/** How often edges are fetched, ms; far below the time that contacts bounce. */
const EDGES_MS = 20;
/** How often levels are read when no edge came, so that a lost one is not missed for long, ms. */
const LEVELS_MS = 1000;

/** Lines of a GPIO chip of the kernel. Pins are the numbers of lines. */
export class GpioChipDriver implements GpioDriver {
  readonly #device: string;
  readonly #calls: GpioCalls;
  readonly #pins: readonly GpioPin[];
  readonly #loop: DeviceLoop;
  #outputs: GpioLines | undefined;
  /** What outputs were set to last, also before the chip was lost. */
  readonly #wanted = new Map<number, boolean>();
  #levels = new Map<string, boolean>();
  #publish: (levels: PinLevels) => void = () => undefined;

  constructor({ device }: GpioChipOptions, context: GpioContext) {
    this.#device = device;
    this.#calls = context.system?.gpio ?? SYSTEM_GPIO_CALLS;
    this.#pins = context.pins;
    // A level that shall be left alone is low: the kernel wants to be told one.
    for (const { pin, mode, initial } of context.pins) {
      if (mode === 'output') this.#wanted.set(Number(pin), initial ?? false);
    }
    this.#loop = new DeviceLoop(context, (session) => this.#serve(session));
  }

  get levels(): ReadonlyCell<PinLevels> {
    return this.#loop.levels;
  }

  async write(pin: string, level: boolean): Promise<void> {
    if (!this.#outputs) throw new Error(`${this.#device} is not there`);
    this.#outputs.set(Number(pin), level);
    this.#wanted.set(Number(pin), level);
    for (const [offset, now] of this.#outputs.levels()) this.#accept(String(offset), now);
  }

  /** As `write`, and when that fails the output has the level as soon as the chip is there again. */
  async writeForSure(pin: string, level: boolean): Promise<void> {
    this.#wanted.set(Number(pin), level);
    await this.write(pin, level);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loop[Symbol.asyncDispose]();
  }

  async #serve({ signal, online }: DeviceSession): Promise<void> {
    const inputPins = new Set(this.#pins.filter(({ mode }) => mode === 'input').map(numberOf));
    using outputs = this.#request(this.#wanted.size, { outputs: this.#wanted });
    using inputs = this.#request(inputPins.size, { inputs: [...inputPins] });
    using contacts = new Contacts(this.#pins, (pin, level) => this.#accept(pin, level));
    this.#levels = new Map();
    this.#publish = () => undefined;
    this.#outputs = outputs;
    const readAll = () => {
      contacts.push(inputs?.levels() ?? []);
      for (const [pin, level] of outputs?.levels() ?? []) this.#accept(String(pin), level);
    };
    try {
      readAll();
      this.#publish = online;
      online(new Map(this.#levels));
      const stepMs = inputs ? EDGES_MS : LEVELS_MS;
      for (let quietMs = stepMs; ; quietMs += stepMs) {
        await sleep(stepMs, signal);
        const edges = inputs?.edges() ?? [];
        contacts.push(edges.map(({ offset, rising }) => [offset, rising]));
        if (edges.length === 0 && quietMs < LEVELS_MS) continue;
        if (edges.length === 0) readAll();
        quietMs = 0;
      }
    } finally {
      this.#outputs = undefined;
      this.#publish = () => undefined;
    }
  }

  #request(count: number, lines: Parameters<typeof GpioLines.request>[2]): GpioLines | undefined {
    return count > 0 ? GpioLines.request(this.#calls, this.#device, lines) : undefined;
  }

  #accept(pin: string, level: boolean): void {
    if (this.#levels.get(pin) === level) return;
    this.#levels.set(pin, level);
    this.#publish(new Map(this.#levels));
  }
}

const numberOf = ({ pin }: GpioPin): number => Number(pin);

/** The inputs without the noise of their contacts. */
class Contacts implements Disposable {
  readonly #debounces: ReadonlyMap<number, Debounce>;

  constructor(pins: readonly GpioPin[], accept: (pin: string, level: boolean) => void) {
    this.#debounces = new Map(
      pins
        .filter(({ mode }) => mode === 'input')
        .map((each) => [
          numberOf(each),
          new Debounce(each.debounceMs, (level) => accept(each.pin, level)),
        ]),
    );
  }

  push(levels: Iterable<readonly [number, boolean]>): void {
    for (const [line, level] of levels) this.#debounces.get(line)?.push(level);
  }

  [Symbol.dispose](): void {
    for (const debounce of this.#debounces.values()) debounce.close();
  }
}
