/** Without anything new for so long a device is silent, ms. */
const SILENT_MS = 200;
/** But no sooner than so many of its long pauses: a slow one is not silent. */
const SILENT_PAUSES = 2;
/** A longer one was no pause between two pictures, ms. */
const LONGEST_MS = 1000;
/** So many pauses are remembered, and before so many are known nothing is judged. */
const MEMORY = 16;
const KNOWN = 8;

/** Tells when a capture device that gave pictures gives no more. */
export class SilenceWatch {
  readonly #onSilence: () => void;
  readonly #pauses: number[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #beforeMs: number | undefined;

  constructor(onSilence: () => void) {
    this.#onSilence = onSilence;
  }

  /** A picture came at `nowMs` on the monotonic clock. */
  heard(nowMs: number): void {
    const pauseMs = nowMs - (this.#beforeMs ?? Number.NEGATIVE_INFINITY);
    if (pauseMs < LONGEST_MS) this.#pauses.push(pauseMs);
    this.#beforeMs = nowMs;
    if (this.#pauses.length > MEMORY) this.#pauses.shift();
    clearTimeout(this.#timer);
    if (this.#pauses.length < KNOWN) return;
    // The longest may have been a silence of before.
    const long = this.#pauses.toSorted((a, b) => b - a)[1] ?? 0;
    const limitMs = Math.max(SILENT_MS, SILENT_PAUSES * long);
    this.#timer = setTimeout(this.#onSilence, limitMs);
  }

  /** Nothing is expected: until the next picture, and that one says nothing about a pause. */
  rest(): void {
    clearTimeout(this.#timer);
    this.#beforeMs = undefined;
  }
}
