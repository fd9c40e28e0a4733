import type { MsdDriver, MsdDriverState, MsdMedium } from '../../src/core/msd-driver.ts';
import { StateCell } from '../../src/core/state.ts';

/** A drive without a machine: a test takes it away, or makes an act fail. */
export class FakeMsdDriver implements MsdDriver {
  readonly enabled = true;
  readonly state = new StateCell<MsdDriverState>({ online: true, medium: undefined });
  /** What the next acts throw. */
  failure: Error | undefined;

  async insert(medium: MsdMedium): Promise<void> {
    this.#mayFail();
    this.state.patch({ medium });
  }

  async eject(): Promise<void> {
    this.#mayFail();
    this.state.patch({ medium: undefined });
  }

  async reset(): Promise<void> {
    this.#mayFail();
    this.state.patch({ medium: undefined });
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #mayFail(): void {
    if (this.failure) throw this.failure;
  }
}
