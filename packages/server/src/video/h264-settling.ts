/** A picture that stays is sent again after this, ms, and then each this: it gets sharp that way. */
const FIRST_MS = 300;
const PAUSE_MS = 100;
/**
 * How often: the encoder counts pictures, not time, so what motion has overdrawn of a low bitrate is
 * paid back picture by picture. Measured at 1080p: 12 at 500 kbit/s, 4 at 2000, 2 from 4000 on.
 */
const KBIT = 8000;
const FEWEST = 2;
const MOST = 12;

/** Tells when the present picture is to be encoded again. */
export class Settling {
  readonly #again: () => void;
  #left = 0;
  #delayMs = FIRST_MS;
  #due = false;
  #timer: NodeJS.Timeout | undefined;

  /** `again`: it is time. */
  constructor(again: () => void) {
    this.#again = again;
  }

  /** The picture is a new one; `bitrate` in kbit/s. */
  begin(bitrate: number): void {
    this.#left = Math.min(MOST, Math.max(FEWEST, Math.ceil(KBIT / Math.max(1, bitrate))));
    this.#delayMs = FIRST_MS;
  }

  /** Whether it is time; told once. */
  take(): boolean {
    const due = this.#due;
    this.#due = false;
    return due;
  }

  /** The picture has been encoded. */
  wait(): void {
    clearTimeout(this.#timer);
    if (this.#left === 0) return;
    this.#timer = setTimeout(() => {
      this.#left -= 1;
      this.#due = true;
      this.#again();
    }, this.#delayMs);
    this.#delayMs = PAUSE_MS;
  }

  /** Nothing is to be encoded again. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#due = false;
  }
}
