import { HID_OFFLINE } from '../../core/hid-driver.ts';
import type { Log } from '../../core/log.ts';
import { StateCell } from '../../core/state.ts';
import type { HidGadgetCalls } from '../../platform/hid-gadget.ts';
import { decodeKeyboardLeds, type KeyboardLeds } from '../../protocols/hid-report.ts';

/** What a reader is made of. */
export interface LedReaderOptions {
  readonly device: string;
  readonly calls: HidGadgetCalls;
  readonly log: Log;
}

/** The lights of the keyboard, as the host has set them. */
export class LedReader {
  readonly leds = new StateCell<KeyboardLeds>(HID_OFFLINE.keyboard.leds);
  readonly #options: LedReaderOptions;
  #stop: (() => void) | undefined;
  #complained = false;

  constructor(options: LedReaderOptions) {
    this.#options = options;
  }

  /** Follows them from now on. */
  start(): void {
    if (this.#stop) return;
    const { device, calls } = this.#options;
    try {
      this.#stop = calls.follow(
        device,
        (bytes) => this.#take(bytes),
        (error) => {
          this.#stop = undefined;
          if (error) this.#complain(error);
        },
      );
    } catch (error) {
      this.#complain(error);
    }
  }

  /** The host has gone, and its lights with it. */
  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.leds.set(HID_OFFLINE.keyboard.leds);
  }

  /** Once: it would be told anew at every plug. */
  #complain(error: unknown): void {
    const { device, log } = this.#options;
    if (!this.#complained) log.warn({ device, err: error }, 'The keyboard LEDs cannot be read');
    this.#complained = true;
  }

  #take(bytes: Uint8Array): void {
    const last = bytes.at(-1);
    if (last !== undefined) this.leds.set(decodeKeyboardLeds(last));
  }
}
