import { HID_OFFLINE, type HidDriver, type HidDriverState } from '../../core/hid-driver.ts';
import { StateCell } from '../../core/state.ts';

/** The HID of a machine that has none. */
export class DisabledHid implements HidDriver {
  readonly enabled = false;
  readonly state = new StateCell<HidDriverState>(HID_OFFLINE);
  readonly ready = false;
  readonly backlog = 0;
  async drained(): Promise<void> {}
  key(): void {}
  button(): void {}
  move(): void {}
  moveBy(): void {}
  wheel(): void {}
  releaseAll(): void {}
  async reset(): Promise<void> {}
  async setKeyboardOutput(): Promise<void> {}
  async setMouseOutput(): Promise<void> {}
  async setConnected(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}
}
