type Disposal = () => unknown;

/**
 * Owns things that must be released: the last one added is released first, each exactly once, and
 * a failure of one does not keep the others.
 */
export class Scope implements AsyncDisposable {
  readonly #disposals: Disposal[] = [];
  readonly #controller = new AbortController();

  /** Aborts when the scope closes; give it to loops and waits. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Registers a release; if the scope has closed already, it runs at once. */
  add(disposal: Disposal): void {
    if (this.signal.aborted) void Promise.resolve(disposal());
    else this.#disposals.push(disposal);
  }

  /** Releases everything; throws an AggregateError when a release failed. */
  async close(): Promise<void> {
    this.#controller.abort(new Error('closed'));
    const errors: unknown[] = [];
    for (let next = this.#disposals.pop(); next; next = this.#disposals.pop()) {
      try {
        await next();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'Could not release everything');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
