/** Of a JPEG of less quality text is hard to read: where it stays, it comes once more as this. */
const LOW_QUALITY = 75;
const FINE_QUALITY = 90;
/** Nothing has changed for so long, ms. */
const STILL_MS = 500;

/** Tells when a picture of low quality has stayed, and shall be sent once in a high one. */
export class Refinement {
  readonly #begin: () => void;
  #timer: NodeJS.Timeout | undefined;
  #due = false;

  /** `begin`: it is time for the fine picture. */
  constructor(begin: () => void) {
    this.#begin = begin;
  }

  /** The quality of what is encoded now, and whether it is coarse; `chosen` is the usual one. */
  take(chosen: number): { readonly quality: number; readonly isCoarse: boolean } {
    const isFine = this.#due && chosen < LOW_QUALITY;
    this.cancel();
    return { quality: isFine ? FINE_QUALITY : chosen, isCoarse: !isFine && chosen < LOW_QUALITY };
  }

  /** Something coarse has been sent. */
  wait(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#due = true;
      this.#begin();
    }, STILL_MS);
  }

  /** The screen has changed, or nobody looks. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#due = false;
  }
}
