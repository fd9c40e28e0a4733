import { type HidDevice, type OpenHid, openHidraw } from '../../platform/hidraw.ts';
import {
  noyitoReport,
  RELAY_STATE,
  RELAYS,
  relayReport,
  relaysOf,
} from '../../protocols/hid-relay.ts';
import type { GpioContext } from './context.ts';
import { PolledDriver } from './polled-driver.ts';

/** Options of both drivers, named as in the configuration. */
export interface NoyitoOptions {
  /** /dev/hidrawN */
  readonly device: string;
}

export interface HidRelayOptions extends NoyitoOptions {
  /** s */
  readonly state_poll: number;
}

/** How often it is looked whether a board that tells nothing is still there, ms. */
const PRESENCE_MS = 5000;

/** An open board, opened again after a failure. */
class Board {
  readonly #open: OpenHid;
  readonly #path: string;
  #device: Promise<HidDevice> | undefined;

  constructor(path: string, context: GpioContext) {
    this.#path = path;
    this.#open = context.system?.openHid ?? openHidraw;
  }

  async use<T>(action: (device: HidDevice) => Promise<T>): Promise<T> {
    this.#device ??= this.#open(this.#path);
    return action(await this.#device);
  }

  async release(): Promise<void> {
    const device = this.#device;
    this.#device = undefined;
    await device?.then(
      (open) => open.close(),
      () => undefined,
    );
  }
}

/** USB relays with V-USB ("www.dcttech.com"), which tell their state. */
export function createHidRelay(options: HidRelayOptions, context: GpioContext): PolledDriver {
  const board = new Board(options.device, context);
  const write = (pin: string, level: boolean) =>
    board.use((device) => device.sendFeature(relayReport(Number(pin), level)));
  return new PolledDriver(context, {
    pollMs: options.state_poll * 1000,
    async poll() {
      const { report, bytes } = RELAY_STATE;
      const relays = relaysOf(await board.use((device) => device.getFeature(report, bytes)));
      if (!relays) throw new Error(`${options.device} did not tell the state of its relays`);
      return new Map(relays.map((on, pin) => [String(pin), on]));
    },
    write,
    initial: 'at start and end',
    release: () => board.release(),
  });
}

/** USB relays of Noyito. They tell nothing: what was written last is what they are. */
export function createNoyito({ device: path }: NoyitoOptions, context: GpioContext): PolledDriver {
  const board = new Board(path, context);
  const levels = new Map(Array.from({ length: RELAYS }, (_, pin) => [String(pin), false]));
  // A level that is left alone counts as off: nobody can tell what it is.
  const pins = context.pins.map((pin) => ({ ...pin, initial: pin.initial ?? false }));
  return new PolledDriver(
    { ...context, pins },
    {
      pollMs: PRESENCE_MS,
      async poll() {
        // Opening is the only question that it answers.
        await board.release();
        await board.use(async () => undefined);
        return new Map(levels);
      },
      async write(pin, level) {
        await board.use((device) => device.write(noyitoReport(Number(pin), level)));
        levels.set(pin, level);
      },
      initial: 'at start and end',
      release: () => board.release(),
    },
  );
}
