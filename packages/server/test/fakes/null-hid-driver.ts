import type { KeyName, MouseButton } from '@crashcart/api';
import type { HidDriver, HidDriverState } from '../../src/core/hid-driver.ts';
import { StateCell } from '../../src/core/state.ts';

/** One call that a driver got. */
export type HidCall = readonly [name: string, ...values: readonly (string | number | boolean)[]];

/** A HID without a device: it notes what it is told, or with `counting` only how much. */
export class NullHidDriver implements HidDriver {
  readonly enabled = true;
  readonly state = new StateCell<HidDriverState>({
    online: true,
    busy: false,
    connected: null,
    keyboard: {
      online: true,
      leds: { caps: false, scroll: false, num: false },
      outputs: { available: [], active: '' },
    },
    mouse: {
      online: true,
      absolute: true,
      outputs: { available: ['usb', 'usb_rel'], active: 'usb' },
    },
  });
  ready = true;
  readonly backlog = 0;
  /** How many input events came. */
  count = 0;
  readonly #counting: boolean;
  #calls: HidCall[] = [];

  constructor(options: { readonly counting?: boolean } = {}) {
    this.#counting = options.counting ?? false;
  }

  /** The calls since the last time this was asked. */
  taken(): readonly HidCall[] {
    const calls = this.#calls;
    this.#calls = [];
    return calls;
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  key(key: KeyName, pressed: boolean): void {
    this.count += 1;
    if (!this.#counting) this.#calls.push(['key', key, pressed]);
  }

  button(button: MouseButton, pressed: boolean): void {
    this.count += 1;
    if (!this.#counting) this.#calls.push(['button', button, pressed]);
  }

  move(x: number, y: number): void {
    this.count += 1;
    if (!this.#counting) this.#calls.push(['move', x, y]);
  }

  moveBy(dx: number, dy: number): void {
    this.count += 1;
    if (!this.#counting) this.#calls.push(['moveBy', dx, dy]);
  }

  wheel(dx: number, dy: number): void {
    this.count += 1;
    if (!this.#counting) this.#calls.push(['wheel', dx, dy]);
  }

  releaseAll(): void {
    this.#calls.push(['releaseAll']);
  }

  async reset(): Promise<void> {
    this.#calls.push(['reset']);
  }

  async setKeyboardOutput(output: string): Promise<void> {
    const { keyboard } = this.state.value;
    this.#calls.push(['setKeyboardOutput', output]);
    this.state.patch({
      keyboard: { ...keyboard, outputs: { ...keyboard.outputs, active: output } },
    });
  }

  async setMouseOutput(output: string): Promise<void> {
    const { mouse } = this.state.value;
    this.#calls.push(['setMouseOutput', output]);
    this.state.patch({
      mouse: {
        ...mouse,
        absolute: output !== 'usb_rel',
        outputs: { ...mouse.outputs, active: output },
      },
    });
  }

  async setConnected(connected: boolean): Promise<void> {
    this.#calls.push(['setConnected', connected]);
    this.state.patch({ connected });
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
