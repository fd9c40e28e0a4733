import type { PinLevels } from '../../core/gpio-driver.ts';
import { sleep } from '../../core/sleep.ts';
import { StateCell } from '../../core/state.ts';
import { type Advice, adviceOn } from '../advice.ts';
import type { GpioContext } from './context.ts';

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;
const OFFLINE: PinLevels = new Map();
const DENIED =
  "put the server's user into its group, or give it one by a rule of udev (docs/gpio.md)";
const ADVICE: Advice = {
  ENOENT: 'it is not there: plug it in, install it, or check its name in the configuration',
  ...{ EACCES: DENIED, EPERM: DENIED },
};

/** One time that a device is served, until it fails or the driver ends. */
export interface DeviceSession {
  /** Aborts when the driver ends. */
  readonly signal: AbortSignal;
  /** The device answers, and its pins have these levels. */
  online(levels: PinLevels): void;
}

/**
 * Serves a device for ever: what `serve` throws takes the pins offline, and it is called again after
 * a while that doubles until the device answers.
 */
export class DeviceLoop implements AsyncDisposable {
  readonly levels = new StateCell<PinLevels>(OFFLINE);
  readonly #context: GpioContext;
  readonly #serve: (session: DeviceSession) => Promise<unknown>;
  readonly #controller = new AbortController();
  readonly #ended: Promise<void>;
  #failure: unknown;

  constructor(context: GpioContext, serve: (session: DeviceSession) => Promise<unknown>) {
    this.#context = context;
    this.#serve = serve;
    this.#ended = this.#run();
  }

  /** Aborts when the driver ends. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the device answers. */
  get isOnline(): boolean {
    return this.levels.value !== OFFLINE;
  }

  /** What to answer who wants to use `device` while it is not ours; says why. */
  unavailable(device: string): Error {
    const cause = this.#failure;
    const why = cause instanceof Error ? `: ${cause.message}` : '';
    return new Error(`${device} is not ours now${why}`, { cause });
  }

  /** Resolves when the device has been let go. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort(new Error('The GPIO driver was closed'));
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { name, log, retryMs = FIRST_RETRY_MS } = this.#context;
    const { signal } = this.#controller;
    let waitMs = retryMs;
    let failing = false;
    const online = (levels: PinLevels) => {
      if (signal.aborted) return;
      if (failing) log.info({ driver: name }, 'The GPIO device is there again');
      failing = false;
      this.#failure = undefined;
      waitMs = retryMs;
      this.levels.set(levels);
    };
    // A constructor that waits for its driver would otherwise be called back before it is done.
    await Promise.resolve();
    while (!signal.aborted) {
      try {
        await this.#serve({ signal, online });
        throw new Error('The device went away');
      } catch (error) {
        this.levels.set(OFFLINE);
        if (signal.aborted) return;
        this.#failure = error;
        // Once: a device that is missing for days must not fill the log.
        const what = `The GPIO device is offline${adviceOn(error, ADVICE)}`;
        if (!failing) log.warn({ driver: name, err: error }, what);
        failing = true;
      }
      await sleep(waitMs, signal).catch(() => undefined);
      waitMs = Math.min(waitMs * 2, LAST_RETRY_MS);
    }
  }
}
