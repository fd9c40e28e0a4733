/**
 * Who holds which inputs down. An input is up again only when its last holder lets go, so that two
 * people on one keyboard do not release each other's keys.
 */
export class Holders<T> {
  readonly #byInput = new Map<T, Set<object>>();

  /** Notes that `holder` holds `input`; doing it twice is one hold. */
  press(holder: object, input: T): void {
    const holders = this.#byInput.get(input);
    if (holders) holders.add(holder);
    else this.#byInput.set(input, new Set([holder]));
  }

  /** Notes that `holder` lets go; true when nobody holds `input` now. */
  release(holder: object, input: T): boolean {
    const holders = this.#byInput.get(input);
    if (!holders) return true;
    holders.delete(holder);
    return holders.size === 0;
  }

  /** Whether anybody holds `input`. */
  isHeld(input: T): boolean {
    return (this.#byInput.get(input)?.size ?? 0) > 0;
  }

  /** Whether anybody holds anything. */
  get some(): boolean {
    for (const holders of this.#byInput.values()) if (holders.size > 0) return true;
    return false;
  }

  /** Whether `holder` holds `input`. */
  isHeldBy(holder: object, input: T): boolean {
    return this.#byInput.get(input)?.has(holder) ?? false;
  }

  /** Lets go of all that `holder` holds; gives what nobody holds now, the last pressed first. */
  drop(holder: object): readonly T[] {
    const freed: T[] = [];
    for (const [input, holders] of this.#byInput) {
      if (holders.delete(holder) && holders.size === 0) freed.unshift(input);
    }
    return freed;
  }

  /** Forgets everything. */
  clear(): void {
    this.#byInput.clear();
  }
}
