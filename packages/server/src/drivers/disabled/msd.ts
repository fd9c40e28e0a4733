import { KvmError } from '@crashcart/api';
import type { MsdDriver, MsdDriverState } from '../../core/msd-driver.ts';
import { StateCell } from '../../core/state.ts';

/** No virtual drive. */
export class DisabledMsd implements MsdDriver {
  readonly enabled = false;
  readonly state = new StateCell<MsdDriverState>({ online: false, medium: undefined });

  async insert(): Promise<void> {
    throw new KvmError('MsdDisabledError');
  }

  async eject(): Promise<void> {
    throw new KvmError('MsdDisabledError');
  }

  async reset(): Promise<void> {
    throw new KvmError('MsdDisabledError');
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
