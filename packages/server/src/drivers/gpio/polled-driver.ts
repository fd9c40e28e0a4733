import type { GpioDriver, PinLevels } from '../../core/gpio-driver.ts';
import type { ReadonlyCell } from '../../core/state.ts';
import { Alarm } from './alarm.ts';
import { type GpioContext, initialLevels } from './context.ts';
import { DeviceLoop, type DeviceSession } from './device-loop.ts';
import { withLimit } from './with-limit.ts';

/** A device that must be asked for its state; one call at a time, each with a time limit of its own. */
export interface PolledDevice {
  /** How often it is asked, ms. */
  readonly pollMs: number;
  /** The levels of all pins that it has now; rejects when it does not answer. */
  poll(signal: AbortSignal): Promise<PinLevels>;
  /** Sets a pin. */
  write(pin: string, level: boolean, signal: AbortSignal): Promise<void>;
  /** When outputs get the first levels of their channels; never unless told. */
  readonly initial?: 'at start' | 'at start and end';
  /** Called after each failure and at the end; must not throw. */
  release?(): Promise<void>;
}

/** Asks a device again and again, and at once after each write. */
export class PolledDriver implements GpioDriver {
  readonly #context: GpioContext;
  readonly #device: PolledDevice;
  readonly #loop: DeviceLoop;
  readonly #alarm = new Alarm();
  #turn: Promise<unknown> = Promise.resolve();
  #isInitialised = false;

  constructor(context: GpioContext, device: PolledDevice) {
    this.#context = context;
    this.#device = device;
    this.#loop = new DeviceLoop(context, (session) => this.#serve(session));
  }

  get levels(): ReadonlyCell<PinLevels> {
    return this.#loop.levels;
  }

  async write(pin: string, level: boolean, signal?: AbortSignal): Promise<void> {
    const { value } = this.levels;
    if (value.size === 0) throw new Error('The device does not answer');
    if (!value.has(pin)) throw new Error(`The device has no ${pin}`);
    const signals = signal ? [signal, this.#loop.signal] : [this.#loop.signal];
    try {
      await this.#inTurn(() =>
        withLimit(undefined, signals, (either) => this.#device.write(pin, level, either)),
      );
    } finally {
      this.poke();
    }
  }

  /** Asks the device now. */
  poke(): void {
    this.#alarm.ring();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loop[Symbol.asyncDispose]();
  }

  async #serve({ signal, online }: DeviceSession): Promise<void> {
    const device = this.#device;
    try {
      while (true) {
        let levels = await this.#inTurn(() => device.poll(signal));
        if (device.initial !== undefined && !this.#isInitialised) {
          this.#isInitialised = true;
          if (await this.#writeInitial(levels, signal)) {
            levels = await this.#inTurn(() => device.poll(signal));
          }
        }
        online(levels);
        await this.#alarm.wait(device.pollMs, signal);
      }
    } finally {
      if (signal.aborted && device.initial === 'at start and end') {
        await this.#writeInitial(this.levels.value, new AbortController().signal);
      }
      await device.release?.();
    }
  }

  /** Done once in a driver's life, and at its end: in between, outputs may be meant otherwise. */
  async #writeInitial(levels: PinLevels, signal: AbortSignal): Promise<boolean> {
    const initial = initialLevels(this.#context.pins).filter(([pin]) => levels.has(pin));
    for (const [pin, level] of initial) {
      const written = this.#inTurn(() => this.#device.write(pin, level, signal));
      await written.catch((error: unknown) => {
        const { name, log } = this.#context;
        log.warn({ driver: name, pin, err: error }, 'A GPIO output did not take its level');
      });
    }
    return initial.length > 0;
  }

  /** Devices answer one question at a time. */
  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(action, action);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
