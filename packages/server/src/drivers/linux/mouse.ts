import type { MouseButton } from '@crashcart/api';
import { HidMouse } from '../../protocols/hid-mouse.ts';
import { ReportWriter, type ReportWriterOptions } from './report-writer.ts';

/** What a mouse of the gadget is made of. */
export interface GadgetMouseOptions
  extends Pick<ReportWriterOptions, 'device' | 'times' | 'calls' | 'log'> {
  readonly isAbsolute: boolean;
  readonly horizontal_wheel: boolean;
}

/** One mouse of the gadget; moves of the other kind are ignored. */
export class GadgetMouse {
  readonly isAbsolute: boolean;
  readonly writer: ReportWriter;
  readonly #mouse: HidMouse;

  constructor({ isAbsolute, horizontal_wheel: horizontalWheel, ...given }: GadgetMouseOptions) {
    this.isAbsolute = isAbsolute;
    this.#mouse = new HidMouse({ kind: isAbsolute ? 'absolute' : 'relative', horizontalWheel });
    // An absolute mouse that let go before it was ever used would put the pointer into a corner.
    const clearsFirst = false;
    this.writer = new ReportWriter({ ...given, clearsFirst, clear: () => this.#mouse.clear() });
  }

  button(button: MouseButton, pressed: boolean): void {
    this.writer.push(this.#mouse.button(button, pressed));
  }

  /** To an absolute place, -32768..32767 each; `shifted` for Windows 98. */
  move(x: number, y: number, shifted: boolean): void {
    if (this.isAbsolute) this.writer.push([this.#mouse.move(x, y, shifted)], true);
  }

  moveBy(dx: number, dy: number): void {
    if (!this.isAbsolute) this.writer.push([this.#mouse.moveBy(dx, dy)]);
  }

  wheel(dx: number, dy: number): void {
    this.writer.push([this.#mouse.wheel(dx, dy)]);
  }
}
