import { type Delta, type KeyName, MODIFIER_KEYS, type MouseButton } from '@crashcart/api';
import type { HidDriver } from './hid-driver.ts';
import type { Holders } from './holders.ts';
import { clampDelta, squash } from './squash.ts';
import type { ReadonlyCell } from './state.ts';

/** The inputs of one client. What it holds is released when it closes, and nothing else. */
export interface HidSession {
  /** Presses or releases; `finish` releases a pressed key at once, except the sticky ones. */
  key(key: KeyName, state: boolean, finish: boolean): void;
  /** Presses and releases; modifiers and PrintScreen are only pressed. */
  clickKey(key: KeyName): void;
  button(button: MouseButton, state: boolean): void;
  clickButton(button: MouseButton): void;
  /** Absolute place, -32768..32767 each; ignored in relative mode. */
  move(x: number, y: number): void;
  /** Relative steps, clamped to -127..127; ignored in absolute mode. `joined` may merge steps. */
  moveBy(deltas: readonly Delta[], joined: boolean): void;
  /** Wheel steps, clamped to -127..127. `joined` may merge steps. */
  wheel(deltas: readonly Delta[], joined: boolean): void;
  /** Releases exactly what this session still holds; later events of it are ignored. */
  close(): void;
}

/** Where the events of the sessions go. */
export interface HidOutput extends Pick<HidDriver, 'key' | 'button' | 'move' | 'moveBy' | 'wheel'> {
  readonly state: ReadonlyCell<{ readonly mouse: { readonly absolute: boolean } }>;
}

/** What the sessions of one HID share. */
export interface HidShared {
  readonly driver: HidOutput;
  readonly keys: Holders<KeyName>;
  readonly buttons: Holders<MouseButton>;
  readonly ignored: ReadonlySet<KeyName>;
  /** Somebody did something. */
  active(): void;
  /** The pointer was put at an absolute place. */
  moved(x: number, y: number): void;
}

// A click of a modifier has no meaning of its own, and PrintScreen is SysRq: it is held for combos.
const isSticky = (key: KeyName) => key === 'PrintScreen' || MODIFIER_KEYS.has(key);

/** A session over the shared state of a `Hid`, which alone makes them. */
export class SharedHidSession implements HidSession {
  readonly #shared: HidShared;
  #closed = false;

  constructor(shared: HidShared) {
    this.#shared = shared;
  }

  key(key: KeyName, state: boolean, finish: boolean): void {
    if (!this.#begin() || this.#shared.ignored.has(key)) return;
    const { driver, keys } = this.#shared;
    if (state) {
      keys.press(this, key);
      driver.key(key, true);
    }
    if ((!state || (finish && !isSticky(key))) && keys.release(this, key)) driver.key(key, false);
  }

  clickKey(key: KeyName): void {
    this.key(key, true, true);
  }

  button(button: MouseButton, state: boolean): void {
    if (!this.#begin()) return;
    const { driver, buttons } = this.#shared;
    if (state) {
      buttons.press(this, button);
      driver.button(button, true);
    } else if (buttons.release(this, button)) {
      driver.button(button, false);
    }
  }

  clickButton(button: MouseButton): void {
    this.button(button, true);
    this.button(button, false);
  }

  move(x: number, y: number): void {
    if (!this.#begin() || !this.#shared.driver.state.value.mouse.absolute) return;
    this.#shared.driver.move(x, y);
    this.#shared.moved(x, y);
  }

  moveBy(deltas: readonly Delta[], joined: boolean): void {
    if (!this.#begin() || this.#shared.driver.state.value.mouse.absolute) return;
    for (const { x, y } of steps(deltas, joined)) this.#shared.driver.moveBy(x, y);
  }

  wheel(deltas: readonly Delta[], joined: boolean): void {
    if (!this.#begin()) return;
    for (const { x, y } of steps(deltas, joined)) this.#shared.driver.wheel(x, y);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { driver, keys, buttons } = this.#shared;
    for (const key of keys.drop(this)) driver.key(key, false);
    for (const button of buttons.drop(this)) driver.button(button, false);
  }

  #begin(): boolean {
    if (this.#closed) return false;
    this.#shared.active();
    return true;
  }
}

function steps(deltas: readonly Delta[], joined: boolean): readonly Delta[] {
  return joined ? squash(deltas) : deltas.map(clampDelta);
}
