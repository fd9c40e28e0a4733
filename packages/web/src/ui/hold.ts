/** How long a dangerous button is held, in ms. */
export const HOLD_MS = 1_000;

/** Lets an act happen only after a second of holding, by pointer or key. */
export class Hold {
  readonly #done: () => void;
  readonly #changed: (holding: boolean) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(done: () => void, changed: (holding: boolean) => void) {
    this.#done = done;
    this.#changed = changed;
  }

  /** Begins; a hold that runs goes on. */
  begin(): void {
    if (this.#timer !== undefined) return;
    this.#changed(true);
    this.#timer = setTimeout(() => {
      this.cancel();
      this.#done();
    }, HOLD_MS);
  }

  /** Ends without the act. */
  cancel(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#changed(false);
  }
}
