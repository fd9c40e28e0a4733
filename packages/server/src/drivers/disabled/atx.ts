import { KvmError } from '@crashcart/api';
import type { AtxDriver, AtxLeds } from '../../core/atx-driver.ts';
import { StateCell } from '../../core/state.ts';

/** The front panel of a machine that has none. */
export class DisabledAtx implements AtxDriver {
  readonly enabled = false;
  readonly leds = new StateCell<AtxLeds>({ power: false, hdd: false });
  readonly clickMs = 0;
  readonly longClickMs = 0;

  async press(): Promise<void> {
    throw new KvmError('AtxDisabledError');
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
