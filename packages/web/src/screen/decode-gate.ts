/** So many pictures may wait in the decoder before the rest is dropped up to a key frame. */
const WAITING_LIMIT = 2;
/** A key frame is asked for at most so often, in ms. */
const ASK_EVERY_MS = 200;

/** Decides which pictures are decoded, so that a slow browser drops some instead of lagging. */
export class DecodeGate {
  readonly #askForKey: () => void;
  #needsKey = true;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(askForKey: () => void) {
    this.#askForKey = askForKey;
  }

  /** Whether the picture is to be decoded while so many wait; `nowMs` is any steady clock. */
  admits(key: boolean, waiting: number, nowMs: number): boolean {
    if (waiting > WAITING_LIMIT) this.#needsKey = true;
    else if (key) this.#needsKey = false;
    if (!this.#needsKey) return true;
    this.remind(nowMs);
    return false;
  }

  /** Asks again for a key frame that has not come: a picture that stands still sends no other. */
  remind(nowMs: number): void {
    if (!this.#needsKey || nowMs - this.#askedAt < ASK_EVERY_MS) return;
    this.#askedAt = nowMs;
    this.#askForKey();
  }
}
