import { anySignal } from './core/any-signal.ts';
import type { Log } from './core/log.ts';
import { sleep } from './core/sleep.ts';
import type { NotifySystemd } from './platform/sd-notify.ts';

/** What systemd is told, and when. */
export interface ServiceWatchOptions {
  readonly notify: NotifySystemd;
  /** systemd restarts a service of which it has not heard for so long, ms; undefined: never. */
  readonly watchdogMs: number | undefined;
  /** Resolves when the server can do its work. */
  readonly check: () => Promise<unknown>;
  readonly log: Log;
}

/** systemd is told twice in its time. */
const SHARE = 1 / 2;

/**
 * Tells systemd that the service is ready, and again and again that it lives: a turn of the event loop
 * and a check that has ended in time, or nothing, so that a server that hangs is started anew.
 */
export class ServiceWatch {
  readonly #options: ServiceWatchOptions;
  readonly #ended = new AbortController();
  #done: Promise<void> = Promise.resolve();
  #isSick = false;

  constructor(options: ServiceWatchOptions) {
    this.#options = options;
  }

  /** The service serves now. */
  async ready(): Promise<void> {
    await this.#tell('READY=1');
    const { watchdogMs } = this.#options;
    if (watchdogMs !== undefined) this.#done = this.#feed(watchdogMs * SHARE);
  }

  /** The service ends; it is still watched by the manager's own limit. */
  async stopping(): Promise<void> {
    this.#ended.abort();
    await this.#done;
    await this.#tell('STOPPING=1');
  }

  async #feed(intervalMs: number): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      if (await this.#isWell(intervalMs)) await this.#tell('WATCHDOG=1');
      await sleep(intervalMs, signal).catch(() => undefined);
    }
  }

  async #isWell(limitMs: number): Promise<boolean> {
    const { check, log } = this.#options;
    const over = new AbortController();
    const late = sleep(limitMs, anySignal([over.signal, this.#ended.signal])).then(() => {
      throw new Error(`it takes longer than ${limitMs} ms`);
    });
    try {
      await Promise.race([check(), late]);
      if (this.#isSick) log.info({}, 'The server works again: systemd is told');
      this.#isSick = false;
      return true;
    } catch (error) {
      if (this.#ended.signal.aborted) return false;
      if (!this.#isSick) log.error({ err: error }, 'The server does not work: systemd is not told');
      this.#isSick = true;
      return false;
    } finally {
      over.abort();
      late.catch(() => undefined);
    }
  }

  async #tell(message: string): Promise<void> {
    await this.#options.notify(message).catch((error: unknown) => {
      this.#options.log.warn({ err: error, message }, 'systemd could not be told');
    });
  }
}
