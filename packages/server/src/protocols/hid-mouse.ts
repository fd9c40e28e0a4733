import { absoluteCoordinate, encodeMouseReport, MOUSE_BUTTON_BITS } from './hid-report.ts';
import type { TableButton } from './keys.ts';

/** What a mouse is like. */
export interface HidMouseOptions {
  readonly kind: 'absolute' | 'relative';
  readonly horizontalWheel: boolean;
}

/** What a mouse holds down and where it is, as its reports: each says all of it. */
export class HidMouse {
  readonly #options: HidMouseOptions;
  #buttons = 0;
  #x = 0;
  #y = 0;

  constructor(options: HidMouseOptions) {
    this.#options = options;
  }

  /** The reports of an event, one after the other; a button that is down already is pressed anew. */
  button(button: TableButton, pressed: boolean): readonly Uint8Array[] {
    const bit = MOUSE_BUTTON_BITS[button];
    const reports: Uint8Array[] = [];
    if ((this.#buttons & bit) !== 0) {
      this.#buttons &= ~bit;
      reports.push(this.#report());
    }
    if (pressed) {
      this.#buttons |= bit;
      reports.push(this.#report());
    }
    return reports;
  }

  /** To an absolute place, -32768..32767 each; with `shifted` as Windows 98 wants it. */
  move(x: number, y: number, shifted = false): Uint8Array {
    const shift = shifted ? 1 : 0;
    this.#x = absoluteCoordinate(x) << shift;
    this.#y = absoluteCoordinate(y) << shift;
    return this.#report();
  }

  /** By steps of -127..127. */
  moveBy(x: number, y: number): Uint8Array {
    return this.#report({ x, y });
  }

  /** Wheel steps of -127..127: x to the right, y up. */
  wheel(wheelX: number, wheelY: number): Uint8Array {
    return this.#report({ wheelX, wheelY });
  }

  /** Lets all buttons go; the report that says so, at the place where the mouse is. */
  clear(): Uint8Array {
    this.#buttons = 0;
    return this.#report();
  }

  #report(change: { x?: number; y?: number; wheelX?: number; wheelY?: number } = {}): Uint8Array {
    const { kind, horizontalWheel } = this.#options;
    const now = { buttons: this.#buttons, x: this.#x, y: this.#y, wheelX: 0, wheelY: 0 };
    return encodeMouseReport(kind, { ...now, ...change }, horizontalWheel);
  }
}
