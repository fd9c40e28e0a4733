/** Waits that can be cut short. One waiter at a time. */
export class Alarm {
  #isRung = false;
  #ring: () => void = () => undefined;

  /** Ends the wait that is under way, or else the next one. */
  ring(): void {
    this.#isRung = true;
    this.#ring();
  }

  /** Resolves after `ms` (undefined: never) or when it rings; rejects when `signal` aborts. */
  wait(ms: number | undefined, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const settle = (done: () => void) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', aborted);
        this.#ring = () => undefined;
        this.#isRung = false;
        done();
      };
      const aborted = () => settle(() => reject(signal.reason));
      const timer = ms === undefined ? undefined : setTimeout(() => settle(resolve), ms);
      signal.addEventListener('abort', aborted);
      this.#ring = () => settle(resolve);
      if (this.#isRung) this.#ring();
    });
  }
}
