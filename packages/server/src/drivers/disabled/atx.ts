import type { AtxDriver, AtxLeds } from '../../core/atx-driver.ts';
import { StateCell } from '../../core/state.ts';

/** No front panel: `Atx` refuses every press with AtxDisabledError. */
export class DisabledAtxDriver implements AtxDriver {
  readonly enabled = false;
  readonly leds = new StateCell<AtxLeds>({ power: false, hdd: false });
  readonly clickMs = 0;
  readonly longClickMs = 0;

  async press(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}
}
