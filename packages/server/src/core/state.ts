import { isDeepStrictEqual } from 'node:util';

/** Ends a subscription; calling it twice does nothing. */
export type Unsubscribe = () => void;

/** The reading side of a cell. */
export interface ReadonlyCell<T> {
  readonly value: T;
  /** Calls `listener` after each change, never for the present value. */
  subscribe(listener: (value: T, previous: T) => void): Unsubscribe;
}

/**
 * One observable value. Setting an equal value is silent. Listeners run at once, in the order of
 * subscription; a listener that throws breaks the setter, so they must not.
 */
export class StateCell<T> implements ReadonlyCell<T> {
  #value: T;
  readonly #listeners = new Set<(value: T, previous: T) => void>();

  constructor(initial: T) {
    this.#value = initial;
  }

  get value(): T {
    return this.#value;
  }

  /** True when the value was different and the listeners were told. */
  set(value: T): boolean {
    const previous = this.#value;
    if (isDeepStrictEqual(previous, value)) return false;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener(value, previous);
    return true;
  }

  /** Replaces some top-level keys of an object value. */
  patch(part: Partial<T>): boolean {
    return this.set({ ...this.#value, ...part });
  }

  subscribe(listener: (value: T, previous: T) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}

/** A cell whose value is computed from other cells; it recomputes when one of them changes. */
export class DerivedCell<T> extends StateCell<T> {
  readonly #unsubscribes: readonly Unsubscribe[];

  constructor(sources: readonly ReadonlyCell<unknown>[], compute: () => T) {
    super(compute());
    this.#unsubscribes = sources.map((source) => source.subscribe(() => this.set(compute())));
  }

  /** Stops following its sources. */
  close(): void {
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
  }
}

/** Resolves with the first value that passes, now or later; rejects when `signal` aborts. */
export function until<T>(
  cell: ReadonlyCell<T>,
  passes: (value: T) => boolean,
  signal?: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    if (passes(cell.value)) return resolve(cell.value);
    const stop = () => {
      unsubscribe();
      signal?.removeEventListener('abort', aborted);
    };
    const aborted = () => {
      stop();
      reject(signal?.reason);
    };
    const unsubscribe = cell.subscribe((value) => {
      if (!passes(value)) return;
      stop();
      resolve(value);
    });
    signal?.addEventListener('abort', aborted);
  });
}
