import type { TileUpdate } from './tiles.ts';

/** So many updates may wait to be drawn before the rest is dropped up to a full picture. */
export const QUEUE_LIMIT = 12;

/**
 * Draws updates one after another, in order. Changes build on each other, so a queue that grows
 * (a slow browser) is thrown away as a whole and a full picture is asked for.
 */
export class TileQueue {
  readonly #draw: (update: TileUpdate) => Promise<void>;
  readonly #askForKey: (dropped: number) => void;
  #waiting: TileUpdate[] = [];
  #drawing = false;
  #needsKey = true;

  constructor(draw: (update: TileUpdate) => Promise<void>, askForKey: (dropped: number) => void) {
    this.#draw = draw;
    this.#askForKey = askForKey;
  }

  /** Takes an update; settles when nothing waits any more (or at once when drawing goes on). */
  async push(update: TileUpdate): Promise<void> {
    if (update.key) {
      this.#needsKey = false;
      this.#waiting = [];
    } else if (this.#needsKey) return;
    this.#waiting.push(update);
    if (this.#waiting.length > QUEUE_LIMIT) this.#startOver();
    if (!this.#drawing) await this.#run();
  }

  async #run(): Promise<void> {
    this.#drawing = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        await this.#draw(next).catch(() => this.#startOver());
      }
    } finally {
      this.#drawing = false;
    }
  }

  #startOver(): void {
    const dropped = this.#waiting.length;
    this.#waiting = [];
    this.#needsKey = true;
    this.#askForKey(dropped);
  }
}
