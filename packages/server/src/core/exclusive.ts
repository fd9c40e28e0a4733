import { type ErrorName, KvmError } from '@crashcart/api';
import { StateCell } from './state.ts';

/**
 * A region that one operation at a time may be in. A second one gets the busy error of the region
 * at once: it is never queued.
 */
export class Exclusive {
  readonly busy = new StateCell(false);
  readonly #error: ErrorName;

  constructor(error: ErrorName) {
    this.#error = error;
  }

  /** Runs `action` inside the region; throws the busy error when another one is inside. */
  async run<T>(action: () => Promise<T>): Promise<T> {
    if (this.busy.value) throw new KvmError(this.#error);
    this.busy.set(true);
    try {
      return await action();
    } finally {
      this.busy.set(false);
    }
  }
}
