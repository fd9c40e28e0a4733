import type { AtxDriver, AtxLeds, AtxSwitch } from '../../src/core/atx-driver.ts';
import { StateCell } from '../../src/core/state.ts';

/** A front panel without a machine: a test sets the LEDs and reads the presses. */
export class FakeAtxDriver implements AtxDriver {
  readonly enabled = true;
  readonly leds = new StateCell<AtxLeds>({ power: false, hdd: false });
  readonly clickMs = 100;
  readonly longClickMs = 5500;
  /** Every press that began: the button and for how many ms. */
  readonly presses: [AtxSwitch, number][] = [];
  /** Buttons that are down now. */
  readonly down = new Set<AtxSwitch>();
  /** What a press throws, when it shall fail. */
  failure: Error | undefined;

  press(button: AtxSwitch, ms: number, signal: AbortSignal): Promise<void> {
    if (this.failure) return Promise.reject(this.failure);
    this.presses.push([button, ms]);
    this.down.add(button);
    return new Promise((resolve, reject) => {
      const up = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', aborted);
        this.down.delete(button);
      };
      const aborted = () => {
        up();
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        up();
        resolve();
      }, ms);
      signal.addEventListener('abort', aborted);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
