import type { GpioPin, PinLevels } from '../../core/gpio-driver.ts';
import { sleep } from '../../core/sleep.ts';
import { parseEdge } from '../../protocols/gpiod-tools.ts';
import { Contacts } from './contacts.ts';
import type { GpioContext } from './context.ts';
import { DeviceLoop, type DeviceSession } from './device-loop.ts';
import type { GpiodTools } from './gpiod-tools.ts';
import { withLimit } from './with-limit.ts';

/** How often the levels of a chip that can be unplugged are read, ms: each time by a program. */
const POLL_MS = 500;

/**
 * Input lines by gpioget and gpiomon. The one cannot read what the other watches, and what happens
 * between the two is missed: so everything is read anew now and then. Of a chip that can be unplugged
 * nothing is watched.
 */
export class GpiodInputs implements AsyncDisposable {
  readonly #device: string;
  readonly #tools: GpiodTools;
  readonly #pins: readonly GpioPin[];
  readonly #loop: DeviceLoop;

  constructor(device: string, tools: GpiodTools, context: GpioContext) {
    this.#device = device;
    this.#tools = tools;
    this.#pins = context.pins;
    this.#loop = new DeviceLoop(context, (session) => this.#serve(session));
  }

  get levels() {
    return this.#loop.levels;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loop[Symbol.asyncDispose]();
  }

  async #serve({ signal, online }: DeviceSession): Promise<void> {
    const tools = this.#tools;
    const pins = this.#pins.map(({ pin }) => pin);
    const lines = await tools.find(this.#device, pins, signal);
    const levels = new Map<number, boolean>();
    const publish = () => online(levelsOf(lines.offsets, levels));
    let isOnline = false;
    const inputs = this.#pins.flatMap((pin) => {
      const offset = lines.offsets.get(pin.pin);
      return offset === undefined ? [] : [[offset, pin] as const];
    });
    using contacts = new Contacts(inputs, (offset, level) => {
      levels.set(offset, level);
      if (isOnline) publish();
    });
    const onLine = (text: string) => {
      const edge = parseEdge(text);
      if (edge) contacts.push([edge]);
    };
    const polls = tools.isUnpluggable(lines);
    while (true) {
      contacts.push(await tools.levels(lines, signal));
      await using monitor = polls ? undefined : await tools.watch(lines, onLine, signal);
      isOnline = true;
      publish();
      if (!monitor) {
        await sleep(POLL_MS, signal);
        continue;
      }
      await withLimit(undefined, [signal], (either) => {
        return Promise.race([monitor.ended, sleep(tools.checkMs, either)]);
      });
    }
  }
}

function levelsOf(
  offsets: ReadonlyMap<string, number>,
  levels: ReadonlyMap<number, boolean>,
): PinLevels {
  return new Map([...offsets].map(([pin, offset]) => [pin, levels.get(offset) ?? false]));
}
