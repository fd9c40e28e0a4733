import { performance } from 'node:perf_hooks';

/**
 * Runs an asynchronous job after each `wake`, one at a time and at most `fps()` times a second.
 * Wakes during a run or a pause are joined into one: the latest wins.
 */
export class Pacer {
  readonly #job: () => Promise<void>;
  readonly #fps: () => number;
  #running = false;
  #wanted = false;
  #closed = false;
  #startedMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** `fps` 0 = no limit. The job must not reject. */
  constructor(job: () => Promise<void>, fps: () => number) {
    this.#job = job;
    this.#fps = fps;
  }

  wake(): void {
    this.#wanted = true;
    if (this.#running || this.#timer || this.#closed) return;
    const fps = this.#fps();
    const waitMs = fps > 0 ? this.#startedMs + 1000 / fps - performance.now() : 0;
    if (waitMs < 1) void this.#run();
    else {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        if (!this.#closed) void this.#run();
      }, waitMs);
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    this.#running = true;
    this.#wanted = false;
    this.#startedMs = performance.now();
    await this.#job();
    this.#running = false;
    if (this.#wanted) this.wake();
  }
}
