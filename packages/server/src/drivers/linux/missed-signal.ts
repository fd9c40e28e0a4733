/** However often a new start did not help, ms. */
const LONGEST_MS = 3_600_000;

/**
 * Tells when a program has long not seen a signal that its device has: after `patienceMs`, and as long
 * as that does not help after twice the time of before.
 */
export class MissedSignal {
  readonly #firstMs: number;
  #patienceMs: number;
  #sinceMs: number | undefined;

  constructor(patienceMs: number) {
    this.#firstMs = patienceMs;
    this.#patienceMs = patienceMs;
  }

  /** The program has been started: what the one before did not see is not its fault. */
  started(): void {
    this.#sinceMs = undefined;
  }

  /** The program sees a signal. */
  seen(): void {
    this.#sinceMs = undefined;
    this.#patienceMs = this.#firstMs;
  }

  /** The program sees none, and the device has one or not, at `nowMs` on the monotonic clock. */
  isMissed(isPresent: boolean, nowMs: number): boolean {
    this.#sinceMs = isPresent ? (this.#sinceMs ?? nowMs) : undefined;
    if (this.#sinceMs === undefined || nowMs - this.#sinceMs < this.#patienceMs) return false;
    this.#sinceMs = undefined;
    this.#patienceMs = Math.min(this.#patienceMs * 2, LONGEST_MS);
    return true;
  }
}
