/** So many pictures keep an encoder busy; more would only wait in it and get old. */
const MOST = 2;
/** A picture that has not come out by then never will: a broken one makes none, ms. */
const LOST_MS = 400;
/** The first one waits for the encoder's start, which a busy box makes long. */
const FIRST_LOST_MS = 3000;

/** Counts the pictures that are in an encoder. */
export class Flight {
  readonly #freed: () => void;
  #count = 0;
  #hasCome = false;
  #timer: NodeJS.Timeout | undefined;

  /** `freed`: the picture that was held may go now. */
  constructor(freed: () => void) {
    this.#freed = freed;
  }

  /** Whether the next picture has to wait; the wait ends with `freed`. */
  holds(): boolean {
    if (this.#count < MOST) return false;
    const lostMs = this.#hasCome ? LOST_MS : FIRST_LOST_MS;
    this.#timer ??= setTimeout(() => this.#free(0), lostMs);
    return true;
  }

  /** A picture has gone into the encoder. */
  sent(): void {
    this.#count += 1;
  }

  /** One has come out. */
  came(): void {
    this.#hasCome = true;
    this.#free(Math.max(0, this.#count - 1));
  }

  /** The encoder is another one, or none. */
  clear(): void {
    this.#hasCome = false;
    this.#count = 0;
    this.#stopTimer();
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #free(count: number): void {
    const isAwaited = this.#timer !== undefined;
    this.#stopTimer();
    this.#count = count;
    if (isAwaited) this.#freed();
  }
}
