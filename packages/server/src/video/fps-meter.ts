import { performance } from 'node:perf_hooks';

/** Counts events per second as µStreamer does: the number of the last complete second. */
export class FpsMeter {
  readonly #now: () => number;
  #second = 0;
  #counted = 0;
  #last = 0;

  /** `now` in ms. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  count(): void {
    this.#turn();
    this.#counted += 1;
  }

  get fps(): number {
    this.#turn();
    return this.#last;
  }

  #turn(): void {
    const second = Math.floor(this.#now() / 1000);
    if (second === this.#second) return;
    this.#last = second === this.#second + 1 ? this.#counted : 0;
    this.#counted = 0;
    this.#second = second;
  }
}
