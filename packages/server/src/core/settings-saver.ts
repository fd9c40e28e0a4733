import type { Log } from './log.ts';
import { sleep } from './sleep.ts';

/** Settings that could not be kept are tried again after this, ms. */
const AGAIN_MS = 5000;

/**
 * Keeps the newest of values that change often: one save at a time, those that came meanwhile are
 * skipped, and a save that failed is tried again until there is a newer value or the end.
 */
export class SettingsSaver<T> {
  readonly #save: (value: T) => Promise<void>;
  readonly #log: Log;
  readonly #againMs: number;
  readonly #controller = new AbortController();
  #newest: { readonly value: T } | undefined;
  #running: Promise<void> | undefined;

  constructor(save: (value: T) => Promise<void>, log: Log, againMs = AGAIN_MS) {
    this.#save = save;
    this.#log = log;
    this.#againMs = againMs;
  }

  /** Takes a value; returns at once. */
  save(value: T): void {
    this.#newest = { value };
    this.#running ??= this.#run();
  }

  /** Resolves when the newest value is kept, or could not be in a last try. */
  async close(): Promise<void> {
    this.#controller.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#controller;
    while (this.#newest) {
      const taken = this.#newest;
      this.#newest = undefined;
      try {
        await this.#save(taken.value);
      } catch (error) {
        this.#log.warn({ err: error }, 'The settings could not be kept; trying again');
        if (signal.aborted) break;
        this.#newest ??= taken;
        await sleep(this.#againMs, signal).catch(() => undefined);
      }
    }
    this.#running = undefined;
  }
}
