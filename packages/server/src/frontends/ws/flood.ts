import { performance } from 'node:perf_hooks';

/** Counts what a client sends: too much of it in a window of time is a flood. */
export class Flood {
  readonly #limit: number;
  readonly #windowMs: number;
  #count = 0;
  #sinceMs = Number.NEGATIVE_INFINITY;

  constructor(limit: number, windowMs: number) {
    this.#limit = limit;
    this.#windowMs = windowMs;
  }

  /** One more; true when that is too much. */
  add(): boolean {
    const nowMs = performance.now();
    if (nowMs - this.#sinceMs > this.#windowMs) {
      this.#sinceMs = nowMs;
      this.#count = 0;
    }
    this.#count += 1;
    return this.#count > this.#limit;
  }
}
