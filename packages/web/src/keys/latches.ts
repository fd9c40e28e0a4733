import type { KeyName } from '@crashcart/api';

/** How a modifier is held for the user: for one key, or until it is pressed again. */
export type Latch = 'latched' | 'locked';

/** A second press within this locks, in ms; a later one lets go. */
export const DOUBLE_PRESS_MS = 400;

/** Modifiers that stay down by themselves: one press for the next key, two quick ones for good. */
export class Latches {
  readonly #tell: (key: KeyName, state: boolean) => void;
  readonly #held = new Map<KeyName, { latch: Latch; readonly sinceMs: number }>();

  constructor(tell: (key: KeyName, state: boolean) => void) {
    this.#tell = tell;
  }

  /** The modifiers that are held. */
  get held(): ReadonlyMap<KeyName, Latch> {
    return new Map([...this.#held].map(([key, { latch }]) => [key, latch]));
  }

  /** A modifier is pressed; `nowMs` is of any clock that only goes on. */
  press(key: KeyName, nowMs: number): void {
    const held = this.#held.get(key);
    if (held === undefined) {
      this.#held.set(key, { latch: 'latched', sinceMs: nowMs });
      this.#tell(key, true);
    } else if (held.latch === 'latched' && nowMs - held.sinceMs <= DOUBLE_PRESS_MS) {
      held.latch = 'locked';
    } else this.#letGo(key);
  }

  /** Another key was used: what is only latched is let go. */
  used(): void {
    for (const [key, { latch }] of [...this.#held].reverse()) {
      if (latch === 'latched') this.#letGo(key);
    }
  }

  /** Lets go of everything, the last pressed first. */
  releaseAll(): void {
    for (const key of [...this.#held.keys()].reverse()) this.#letGo(key);
  }

  #letGo(key: KeyName): void {
    this.#held.delete(key);
    this.#tell(key, false);
  }
}
