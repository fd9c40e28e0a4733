import { Debounce } from '../../core/debounce.ts';
import type { GpioPin } from '../../core/gpio-driver.ts';

/** Input lines by their numbers, without the noise of their contacts. */
export class Contacts implements Disposable {
  readonly #debounces: ReadonlyMap<number, Debounce>;

  constructor(
    inputs: Iterable<readonly [offset: number, pin: GpioPin]>,
    accept: (offset: number, level: boolean) => void,
  ) {
    this.#debounces = new Map(
      [...inputs].map(([offset, { debounceMs }]) => [
        offset,
        new Debounce(debounceMs, (level) => accept(offset, level)),
      ]),
    );
  }

  /** Lines have these levels now. */
  push(levels: Iterable<readonly [offset: number, level: boolean]>): void {
    for (const [offset, level] of levels) this.#debounces.get(offset)?.push(level);
  }

  [Symbol.dispose](): void {
    for (const debounce of this.#debounces.values()) debounce.close();
  }
}
