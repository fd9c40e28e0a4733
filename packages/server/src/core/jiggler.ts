import type { HidState } from '@crashcart/api';
import type { HidDriver } from './hid-driver.ts';
import { type ReadonlyCell, StateCell } from './state.ts';

/** How the jiggler starts. */
export interface JigglerOptions {
  /** Whether it may be switched on at all. */
  readonly enabled: boolean;
  /** Whether it is on at the start. */
  readonly active: boolean;
  /** Idle time before it moves, s, at least 1; varied by a quarter each time. */
  readonly intervalS: number;
}

/** What the jiggler needs of its HID. */
export interface JigglerHost {
  readonly driver: HidDriver;
  /** ms since the last input; undefined when there was none. */
  idleMs(): number | undefined;
  /** Where the pointer was put last. */
  position(): { readonly x: number; readonly y: number };
  active(): void;
}

const CHECK_MS = 1000;
const STEP_MS = 100;
const STEPS = 10;
const ABSOLUTE_STEP = 100;
const RELATIVE_STEP = 10;

/**
 * Moves the pointer to and fro when nobody has touched the machine for a while, so that it does not
 * lock or fall asleep. The pointer ends where it was.
 */
export class Jiggler {
  readonly #state: StateCell<HidState['jiggler']>;
  readonly #host: JigglerHost;
  // The first jiggle comes at once: who switches it on wants the machine awake now.
  #waitMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: JigglerOptions, host: JigglerHost) {
    this.#host = host;
    this.#state = new StateCell({
      enabled: options.enabled,
      active: options.enabled && options.active,
      interval: options.intervalS,
    });
    if (this.#state.value.active) this.#schedule();
  }

  get state(): ReadonlyCell<HidState['jiggler']> {
    return this.#state;
  }

  /** Switches it on or off; ignored where it is disabled. */
  setActive(active: boolean): void {
    if (!this.#state.value.enabled || !this.#state.patch({ active })) return;
    this.#waitMs = 0;
    if (active) this.#schedule();
    else this.close();
  }

  /** Stops moving. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(): void {
    this.#timer = setTimeout(() => this.#check(), CHECK_MS);
    this.#timer.unref();
  }

  #check(): void {
    const idleMs = this.#host.idleMs() ?? Number.POSITIVE_INFINITY;
    if (idleMs < this.#waitMs) {
      this.#schedule();
      return;
    }
    const intervalMs = this.#state.value.interval * 1000;
    this.#waitMs = intervalMs * (0.75 + Math.random() / 2);
    this.#jiggle(0);
  }

  #jiggle(step: number): void {
    const { driver } = this.#host;
    const { x, y } = this.#host.position();
    const sign = step % 2 === 0 ? 1 : -1;
    this.#host.active();
    if (driver.state.value.mouse.absolute) {
      const away = step === STEPS ? 0 : sign * ABSOLUTE_STEP;
      driver.move(clampPlace(x + away), clampPlace(y + away));
    } else if (step < STEPS) {
      driver.moveBy(sign * RELATIVE_STEP, sign * RELATIVE_STEP);
    }
    if (step === STEPS) {
      this.#schedule();
    } else {
      this.#timer = setTimeout(() => this.#jiggle(step + 1), STEP_MS);
      this.#timer.unref();
    }
  }
}

/** A place on one axis of the absolute pointer: -32768..32767. */
export function clampPlace(value: number): number {
  return Math.min(32767, Math.max(-32768, value));
}
