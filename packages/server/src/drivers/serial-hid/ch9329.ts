import { HID_OFFLINE } from '../../core/hid-driver.ts';
import { StateCell } from '../../core/state.ts';
import { openSerialPort, type SerialSpeed } from '../../platform/serial-port.ts';
import { BootKeyboard } from '../../protocols/boot-keyboard.ts';
import {
  CH9329_INFO,
  CH9329_RESET,
  Ch9329Reader,
  ch9329AbsoluteMouse,
  ch9329Answer,
  ch9329Keyboard,
  ch9329RelativeMouse,
} from '../../protocols/ch9329.ts';
import { HidMouse } from '../../protocols/hid-mouse.ts';
import { keyByName } from '../../protocols/keys.ts';
import type { SerialInput } from './input-queue.ts';
import type { SerialAnswer, SerialDevice, SerialDeviceState } from './serial-device.ts';
import { SerialHid, type SerialHidContext } from './serial-hid.ts';

/** Options of the driver, named as in the configuration; times in s. */
export interface Ch9329Options {
  readonly device: string;
  readonly speed: SerialSpeed;
  readonly read_timeout: number;
}

/** A report says all of the state, so that one may safely come twice. */
const ATTEMPTS = 3;
const DONE: SerialAnswer = { kind: 'done', restarts: false };

/** Keyboard and mouse by a CH9329. */
export function createCh9329(options: Ch9329Options, context: SerialHidContext): SerialHid {
  return new SerialHid({
    ...context,
    port: options.device,
    open: () => openSerialPort(options.device, options.speed),
    device: new Ch9329(),
    patience: {
      answerMs: options.read_timeout * 1000,
      ...{ attempts: ATTEMPTS, silentAttempts: ATTEMPTS, pauseMs: 0, untold: 0 },
    },
    resetsItself: true,
  });
}

/** What a CH9329 holds down, and its requests. */
class Ch9329 implements SerialDevice {
  readonly poll = CH9329_INFO;
  readonly reset = [CH9329_RESET];
  readonly state: StateCell<SerialDeviceState>;
  readonly #keyboard = new BootKeyboard();
  readonly #absolute = new HidMouse({ kind: 'absolute', horizontalWheel: false });
  readonly #relative = new HidMouse({ kind: 'relative', horizontalWheel: false });
  #isAbsolute = true;
  /** One that let go before it was ever used would put the pointer into a corner. */
  #wasMoved = false;

  constructor() {
    const outputs = { available: ['usb', 'usb_rel'], active: 'usb' };
    this.state = new StateCell<SerialDeviceState>({
      connected: null,
      keyboard: HID_OFFLINE.keyboard,
      mouse: { online: false, absolute: true, outputs },
    });
  }

  requestsOf(input: SerialInput): readonly Uint8Array[] {
    switch (input.kind) {
      case 'key': {
        const codes = keyByName(input.key);
        return codes ? this.#keyboard.event(codes, input.pressed).map(ch9329Keyboard) : [];
      }
      case 'button':
        return this.#mouse.button(input.button, input.pressed).map((one) => this.#encode(one));
      case 'move':
        if (!this.#isAbsolute) return [];
        this.#wasMoved = true;
        return [this.#encode(this.#absolute.move(input.x, input.y))];
      case 'moveBy':
        return this.#isAbsolute ? [] : [this.#encode(this.#relative.moveBy(input.x, input.y))];
      case 'wheel':
        return input.y === 0 ? [] : [this.#encode(this.#mouse.wheel(0, input.y))];
      case 'release':
        return [ch9329Keyboard(this.#keyboard.clear()), ...this.#releaseMice()];
    }
  }

  reader(request: Uint8Array): (bytes: Uint8Array) => SerialAnswer | undefined {
    const frames = new Ch9329Reader();
    return (bytes) => {
      for (const frame of frames.push(bytes)) {
        const answer = ch9329Answer(request, frame);
        if (!answer) continue;
        if (answer.kind === 'again') return { kind: 'again', request };
        if (answer.kind === 'info') this.#setHost(answer.connected, answer.leds);
        // A machine that is away is nothing that could be cured by sending again.
        if (answer.kind === 'not-taken') this.#setHost(false, HID_OFFLINE.keyboard.leds);
        if (answer.kind !== 'refused') return { ...DONE, restarts: request === CH9329_RESET };
        const status = answer.status.toString(16);
        return { kind: 'refused', why: `The CH9329 refuses a request: status ${status}` };
      }
      return undefined;
    };
  }

  /** No request: each report says which mouse it is of. What the mouse before held is let go. */
  setOutput(part: 'keyboard' | 'mouse', output: string): readonly Uint8Array[] {
    if (part === 'keyboard') return [];
    const releases = this.#releaseMice();
    this.#isAbsolute = output === 'usb';
    const { mouse } = this.state.value;
    const outputs = { ...mouse.outputs, active: output };
    this.state.patch({ mouse: { ...mouse, absolute: this.#isAbsolute, outputs } });
    return releases;
  }

  /** The plug is not ours to pull. */
  setConnected(): readonly Uint8Array[] {
    return [];
  }

  get #mouse(): HidMouse {
    return this.#isAbsolute ? this.#absolute : this.#relative;
  }

  #encode(report: Uint8Array): Uint8Array {
    return this.#isAbsolute ? ch9329AbsoluteMouse(report) : ch9329RelativeMouse(report);
  }

  #releaseMice(): readonly Uint8Array[] {
    const relative = ch9329RelativeMouse(this.#relative.clear());
    const absolute = ch9329AbsoluteMouse(this.#absolute.clear());
    return this.#wasMoved ? [relative, absolute] : [relative];
  }

  #setHost(online: boolean, leds: SerialDeviceState['keyboard']['leds']): void {
    const { keyboard, mouse } = this.state.value;
    this.state.patch({ keyboard: { ...keyboard, online, leds }, mouse: { ...mouse, online } });
  }
}
