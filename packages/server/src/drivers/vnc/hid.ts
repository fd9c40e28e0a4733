import type { KeyName, MouseButton } from '@crashcart/api';
import type { HidDriver, HidDriverState } from '../../core/hid-driver.ts';
import type { Log } from '../../core/log.ts';
import { StateCell, type Unsubscribe, until } from '../../core/state.ts';
import { keysymOf } from '../../protocols/keysyms.ts';
import { RFB_BUTTON, RFB_LED } from '../../protocols/rfb/messages.ts';
import type { VncConnection } from './connection.ts';
import { InputQueue } from './input-queue.ts';

const MAX_STEPS = 127;
/** RFB has no ninth button, the one that goes forward. */
const BUTTONS: Readonly<Record<MouseButton, number>> = {
  ...{ left: RFB_BUTTON.left, right: RFB_BUTTON.right, middle: RFB_BUTTON.middle },
  ...{ up: RFB_BUTTON.back, down: 0 },
};
/** Num Lock counts as on where a server does not tell: digits are what a number pad is for. */
const UNTOLD = { caps: false, num: true };

/**
 * Keyboard and mouse of a VNC server. Each key comes with its keysym on a US keyboard, and with its
 * scan code where the server takes that. The mouse has a place and no steps: RFB has none.
 */
export class VncHid implements HidDriver {
  readonly enabled = true;
  readonly state: StateCell<HidDriverState>;
  readonly #connection: Pick<VncConnection, 'link' | 'leds'>;
  readonly #log: Log;
  readonly #queue: InputQueue;
  readonly #unsubscribes: readonly Unsubscribe[];
  /** The keysyms of keys that are down: their releases must have the same. */
  readonly #down = new Map<KeyName, number>();
  /** As the server has them when all that waits has been sent. */
  #locks = UNTOLD;
  #mask = 0;
  /** Where the pointer is, -32768..32767: in the middle until somebody moves it. */
  #place = { x: 0, y: 0 };
  #toldForward = false;

  /** The connection stays its owner's. */
  constructor(connection: Pick<VncConnection, 'link' | 'leds'>, log: Log) {
    this.#connection = connection;
    this.#log = log;
    this.#queue = new InputQueue(connection.link, log);
    this.state = new StateCell(this.#currentState());
    this.#unsubscribes = [
      connection.link.subscribe(() => this.#forget()),
      connection.leds.subscribe(() => this.#followLeds()),
    ];
    this.#followLeds();
  }

  get ready(): boolean {
    return this.#connection.link.value !== undefined;
  }

  get backlog(): number {
    return this.#queue.backlog.value;
  }

  async drained(count: number, signal?: AbortSignal): Promise<void> {
    await until(this.#queue.backlog, (backlog) => backlog <= count, signal);
  }

  key(key: KeyName, pressed: boolean): void {
    const shift = this.#down.has('ShiftLeft') || this.#down.has('ShiftRight');
    const keysym = this.#down.get(key) ?? keysymOf(key, { ...this.#locks, shift });
    if (!this.#queue.push({ kind: 'key', key, pressed, keysym }, !pressed)) return;
    if (pressed && key === 'CapsLock') this.#locks = { ...this.#locks, caps: !this.#locks.caps };
    if (pressed && key === 'NumLock') this.#locks = { ...this.#locks, num: !this.#locks.num };
    if (pressed) this.#down.set(key, keysym);
    else this.#down.delete(key);
  }

  button(button: MouseButton, pressed: boolean): void {
    const bit = BUTTONS[button];
    if (bit === 0) {
      this.#refuseForward();
      return;
    }
    const mask = pressed ? this.#mask | bit : this.#mask & ~bit;
    if (this.#queue.push({ kind: 'button', mask, ...this.#place }, !pressed)) this.#mask = mask;
  }

  move(x: number, y: number): void {
    this.#place = { x, y };
    this.#queue.push({ kind: 'move', mask: this.#mask, x, y }, false);
  }

  moveBy(): void {}

  wheel(dx: number, dy: number): void {
    this.#roll(dx, RFB_BUTTON.wheelRight, RFB_BUTTON.wheelLeft);
    this.#roll(dy, RFB_BUTTON.wheelUp, RFB_BUTTON.wheelDown);
  }

  releaseAll(): void {
    for (const key of [...this.#down.keys()]) this.key(key, false);
    if (this.#mask === 0) return;
    this.#mask = 0;
    this.#queue.push({ kind: 'button', mask: 0, ...this.#place }, true);
  }

  async reset(): Promise<void> {
    this.releaseAll();
  }

  async setKeyboardOutput(): Promise<void> {}

  async setMouseOutput(): Promise<void> {}

  async setConnected(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
    this.#queue.close();
  }

  #currentState(): HidDriverState {
    const online = this.ready;
    const mask = this.#connection.leds.value ?? 0;
    const lit = (led: number) => (mask & led) !== 0;
    const leds = { caps: lit(RFB_LED.caps), scroll: lit(RFB_LED.scroll), num: lit(RFB_LED.num) };
    const outputs = { available: [], active: '' };
    return {
      ...{ online, busy: false, connected: null },
      keyboard: { online, leds, outputs },
      mouse: { online, absolute: true, outputs },
    };
  }

  /** A server releases all that a connection held when that ends. */
  #forget(): void {
    this.#down.clear();
    this.#mask = 0;
    this.#queue.clear();
    this.state.set(this.#currentState());
  }

  #followLeds(): void {
    const { value } = this.#connection.leds;
    const { caps, num } = RFB_LED;
    this.#locks =
      value === undefined ? UNTOLD : { caps: (value & caps) !== 0, num: (value & num) !== 0 };
    this.state.set(this.#currentState());
  }

  #roll(steps: number, ahead: number, back: number): void {
    const bit = steps > 0 ? ahead : back;
    for (let step = 0; step < Math.min(MAX_STEPS, Math.abs(steps)); step += 1) {
      const pressed = { kind: 'button', mask: this.#mask | bit, ...this.#place } as const;
      if (!this.#queue.push(pressed, false)) return;
      this.#queue.push({ ...pressed, mask: this.#mask }, true);
    }
  }

  #refuseForward(): void {
    if (!this.#toldForward) this.#log.warn({}, 'VNC has no mouse button that goes forward');
    this.#toldForward = true;
  }
}
