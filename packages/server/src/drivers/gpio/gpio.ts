import { setInterval } from 'node:timers/promises';
import type { GpioPin, PinLevels } from '../../core/gpio-driver.ts';
import type { ReadonlyCell } from '../../core/state.ts';
import { type GpioCalls, SYSTEM_GPIO_CALLS } from '../../platform/gpio-calls.ts';
import type { ChipDriver, GpioChipOptions } from './chip-driver.ts';
import { Contacts } from './contacts.ts';
import type { GpioContext } from './context.ts';
import { DeviceLoop, type DeviceSession } from './device-loop.ts';
import { type FoundLines, findLines } from './gpio-chip.ts';
import { GpioLines } from './gpio-lines.ts';

/** How often edges, or else levels, are fetched, ms; far below the time that contacts bounce. */
const EDGES_MS = 20;
/** How often levels are read when no edge came, so that a lost one is not missed for long, ms. */
const LEVELS_MS = 1000;

/** Lines of a GPIO chip of the kernel. Pins are the numbers of lines, or their names. */
export class GpioChipDriver implements ChipDriver {
  readonly #device: string;
  readonly #calls: GpioCalls;
  readonly #pins: readonly GpioPin[];
  readonly #loop: DeviceLoop;
  #outputs: GpioLines | undefined;
  #offsets: FoundLines['offsets'] = new Map();
  /** What outputs were set to last, by pin, also before the chip was lost. */
  readonly #wanted = new Map<string, boolean>();
  /** By number. */
  #levels = new Map<number, boolean>();
  #publish: (levels: PinLevels) => void = () => undefined;

  constructor({ device }: GpioChipOptions, context: GpioContext) {
    this.#device = device;
    this.#calls = context.system?.gpio ?? SYSTEM_GPIO_CALLS;
    this.#pins = context.pins;
    // A level that shall be left alone is low: the kernel wants to be told one.
    for (const { pin, mode, initial } of context.pins) {
      if (mode === 'output') this.#wanted.set(pin, initial ?? false);
    }
    this.#loop = new DeviceLoop(context, (session) => this.#serve(session));
  }

  get levels(): ReadonlyCell<PinLevels> {
    return this.#loop.levels;
  }

  async write(pin: string, level: boolean): Promise<void> {
    const offset = this.#offsets.get(pin);
    if (!this.#outputs || offset === undefined) throw this.#loop.unavailable(this.#device);
    this.#outputs.set(offset, level);
    this.#wanted.set(pin, level);
    for (const [each, now] of this.#outputs.levels()) this.#accept(each, now);
  }

  async writeForSure(pin: string, level: boolean): Promise<void> {
    this.#wanted.set(pin, level);
    await this.write(pin, level);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loop[Symbol.asyncDispose]();
  }

  async #serve({ signal, online }: DeviceSession): Promise<void> {
    const found = findLines(this.#calls, this.#device, [
      ...new Set(this.#pins.map(({ pin }) => pin)),
    ]);
    const offsetOf = (pin: string) => found.offsets.get(pin) ?? 0;
    const inputPins = this.#pins.filter(({ mode }) => mode === 'input');
    const inputLines = inputPins.map((pin) => [offsetOf(pin.pin), pin] as const);
    const wanted = new Map([...this.#wanted].map(([pin, level]) => [offsetOf(pin), level]));
    using outputs = this.#request(found, wanted.size, { outputs: wanted });
    // Kernels such as Debian 12's write into memory that they have freed when a chip goes whose edges
    // are watched: one that can be unplugged is asked for its levels instead.
    const edges = !this.#calls.isUnpluggable(found.path);
    using inputs = this.#request(found, inputLines.length, {
      ...{ inputs: [...new Set(inputLines.map(([offset]) => offset))], edges },
    });
    using contacts = new Contacts(inputLines, (offset, level) => this.#accept(offset, level));
    this.#levels = new Map();
    this.#publish = () => undefined;
    this.#offsets = found.offsets;
    this.#outputs = outputs;
    const readAll = () => {
      contacts.push(inputs?.levels() ?? []);
      for (const [offset, level] of outputs?.levels() ?? []) this.#accept(offset, level);
    };
    try {
      readAll();
      this.#publish = online;
      online(this.#levelsByPin());
      const stepMs = inputs ? EDGES_MS : LEVELS_MS;
      let quietMs = 0;
      for await (const _ of setInterval(stepMs, undefined, { signal })) {
        quietMs += stepMs;
        const seen = (edges ? inputs?.edges() : undefined) ?? [];
        contacts.push(seen.map(({ offset, rising }) => [offset, rising]));
        if (seen.length === 0 && edges && quietMs < LEVELS_MS) continue;
        if (seen.length === 0) readAll();
        quietMs = 0;
      }
    } finally {
      this.#outputs = undefined;
      this.#publish = () => undefined;
    }
  }

  #request(
    { path }: FoundLines,
    count: number,
    lines: Parameters<typeof GpioLines.request>[2],
  ): GpioLines | undefined {
    return count > 0 ? GpioLines.request(this.#calls, path, lines) : undefined;
  }

  #accept(offset: number, level: boolean): void {
    if (this.#levels.get(offset) === level) return;
    this.#levels.set(offset, level);
    this.#publish(this.#levelsByPin());
  }

  #levelsByPin(): PinLevels {
    return new Map(
      [...this.#offsets].map(([pin, offset]) => [pin, this.#levels.get(offset) ?? false]),
    );
  }
}
