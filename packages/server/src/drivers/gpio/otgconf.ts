import { join } from 'node:path';
import type { GpioDriver } from '../../core/gpio-driver.ts';
import { sleep } from '../../core/sleep.ts';
import {
  hasLink,
  makeLink,
  readSysfs,
  removeLink,
  watchDirectories,
  writeSysfs,
} from '../../platform/sysfs.ts';
import { listSystemDir, systemPathExists } from '../../platform/system-files.ts';
import { inGadgetOrder } from '../linux/gadget/function-order.ts';
import type { GpioContext } from './context.ts';
import { PolledDriver } from './polled-driver.ts';

/** Options of the driver, named as in the configuration. */
export interface OtgconfOptions {
  /** USB device controller; empty: the first one. */
  readonly udc: string;
  /** How long the computer gets to forget the gadget before it is bound again, s. */
  readonly init_delay: number;
}

/** Name of the gadget, as PiKVM's. */
const GADGET = 'kvmd';
/** Pin of the gadget as a whole; all others are names of functions. */
const UDC = 'udc';
/** How often it is looked when the directories cannot be watched, ms. */
const POLL_MS = 5000;

/**
 * Functions of our USB gadget: on while they are part of it. The pin `udc` is the gadget itself. A
 * change of one makes the computer lose all of them for a moment.
 */
export function createOtgconf(options: OtgconfOptions, context: GpioContext): GpioDriver {
  const gadget = new Gadget(options, context.system?.sysDir ?? '/sys');
  const pins = [...new Set(context.pins.map(({ pin }) => pin))];
  let stopWatching: (() => void) | undefined;
  const driver = new PolledDriver(context, {
    pollMs: POLL_MS,
    async poll() {
      stopWatching ??= gadget.watch(() => driver.poke());
      const levels = new Map<string, boolean>();
      for (const pin of pins) {
        if (await gadget.knows(pin)) levels.set(pin, await gadget.has(pin));
      }
      return levels;
    },
    write: (pin, level, signal) => gadget.set(pin, level, signal),
    async release() {
      stopWatching?.();
      stopWatching = undefined;
    },
  });
  return driver;
}

class Gadget {
  readonly #options: OtgconfOptions;
  readonly #sysDir: string;
  readonly #dir: string;

  constructor(options: OtgconfOptions, sysDir: string) {
    this.#options = options;
    this.#sysDir = sysDir;
    this.#dir = join(sysDir, 'kernel/config/usb_gadget', GADGET);
  }

  watch(changed: () => void): () => void {
    return watchDirectories([this.#dir, this.#config], changed);
  }

  /** Whether the gadget has such a function at all. */
  async knows(pin: string): Promise<boolean> {
    return pin === UDC || systemPathExists(join(this.#dir, 'functions', pin));
  }

  async has(pin: string): Promise<boolean> {
    if (pin !== UDC) return hasLink(join(this.#config, pin));
    return (await readSysfs(join(this.#dir, 'UDC'))).trim() !== '';
  }

  async set(pin: string, on: boolean, signal: AbortSignal): Promise<void> {
    if ((await this.has(pin)) === on) return;
    const before = await this.#functions();
    if (pin === UDC) {
      if (on) await this.#bind(before);
      else await this.#unbind();
      return;
    }
    const functions = on ? inGadgetOrder([...before, pin]) : before.filter((name) => name !== pin);
    await this.#unbind();
    for (const name of before) await removeLink(join(this.#config, name));
    try {
      // The computer must see that the gadget was away.
      await sleep(this.#options.init_delay * 1000, signal);
    } finally {
      // Whatever happened, the gadget is not left without its functions.
      await this.#bind(functions, true);
    }
  }

  get #config(): string {
    return join(this.#dir, 'configs/c.1');
  }

  async #functions(): Promise<readonly string[]> {
    const names = (await listSystemDir(this.#config)) ?? [];
    const functions: string[] = [];
    for (const name of names) {
      if (await hasLink(join(this.#config, name))) functions.push(name);
    }
    return inGadgetOrder(functions);
  }

  async #unbind(): Promise<void> {
    if (await this.has(UDC)) await writeSysfs(join(this.#dir, 'UDC'), '\n');
  }

  /** Functions of a gadget that was unbound work only when their links are new. */
  async #bind(functions: readonly string[], areGone = false): Promise<void> {
    for (const name of functions) {
      const link = join(this.#config, name);
      if (!areGone) await removeLink(link);
      await makeLink(join(this.#dir, 'functions', name), link);
    }
    if (functions.length === 0) return;
    await writeSysfs(join(this.#dir, 'UDC'), await this.#controller());
  }

  async #controller(): Promise<string> {
    const { udc } = this.#options;
    const [first] = (await listSystemDir(join(this.#sysDir, 'class/udc'))) ?? [];
    const name = udc || first;
    if (name === undefined) throw new Error('There is no USB device controller');
    return name;
  }
}
