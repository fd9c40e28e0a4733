/**
 * Takes the noise out of a contact: a change is accepted at once, then the line is not looked at for
 * a while, then its newest value is accepted.
 */
export class Debounce {
  readonly #quietMs: number;
  readonly #accept: (value: boolean) => void;
  #value: boolean | undefined;
  #newest: boolean | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `accept` is called with each new value; `quietMs` 0 accepts every change. */
  constructor(quietMs: number, accept: (value: boolean) => void) {
    this.#quietMs = quietMs;
    this.#accept = accept;
  }

  /** The line has this value now. */
  push(value: boolean): void {
    this.#newest = value;
    if (this.#timer === undefined) this.#take();
  }

  /** Forgets everything, also a value that waits. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#value = undefined;
    this.#newest = undefined;
  }

  #take(): void {
    if (this.#newest === undefined || this.#newest === this.#value) return;
    this.#value = this.#newest;
    this.#accept(this.#value);
    if (this.#quietMs <= 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#take();
    }, this.#quietMs);
  }
}
