import { encodeKeyboardReport, KEYBOARD_SLOTS } from './hid-report.ts';
import type { KeyCodes } from './keys.ts';

/**
 * What a boot keyboard holds down, as its reports. A key keeps its slot. A seventh key lets the other
 * six go first: a machine that saw the phantom state instead would keep them down.
 */
export class BootKeyboard {
  #modifiers = 0;
  readonly #slots = new Uint8Array(KEYBOARD_SLOTS);

  /** The reports of an event, one after the other; a key that is down already is pressed anew. */
  event({ usage, modifier }: KeyCodes, pressed: boolean): readonly Uint8Array[] {
    return modifier === 0 ? this.#key(usage, pressed) : this.#modifier(modifier, pressed);
  }

  /** Lets everything go; the report that says so. */
  clear(): Uint8Array {
    this.#modifiers = 0;
    this.#slots.fill(0);
    return this.#report();
  }

  #modifier(bit: number, pressed: boolean): readonly Uint8Array[] {
    const reports: Uint8Array[] = [];
    if ((this.#modifiers & bit) !== 0) {
      this.#modifiers &= ~bit;
      reports.push(this.#report());
    }
    if (pressed) {
      this.#modifiers |= bit;
      reports.push(this.#report());
    }
    return reports;
  }

  #key(usage: number, pressed: boolean): readonly Uint8Array[] {
    const reports: Uint8Array[] = [];
    const slot = this.#slots.indexOf(usage);
    if (slot >= 0) {
      this.#slots[slot] = 0;
      reports.push(this.#report());
    } else if (pressed && !this.#slots.includes(0)) {
      this.#slots.fill(0);
      reports.push(this.#report());
    }
    if (pressed) {
      this.#slots[this.#slots.indexOf(0)] = usage;
      reports.push(this.#report());
    }
    return reports;
  }

  #report(): Uint8Array {
    return encodeKeyboardReport(this.#modifiers, [...this.#slots]);
  }
}
