import type { Delta, MouseButton } from '@crashcart/api';
import type { Position } from './coordinates.ts';

/** How the mouse at hand is to be. */
export interface MouseOptions {
  /** Shortest time between two positions or movements, in ms. */
  readonly everyMs: number;
  /** How far a relative mouse moves for 1 px of the hand's. */
  readonly sensitivity: number;
}

const MOUSE_DEFAULTS: MouseOptions = { everyMs: 10, sensitivity: 1 };

/** Wheel travel of one step, in CSS px (browsers give 100 to 120 for a notch). */
export const WHEEL_STEP_PX = 100;

/** What the mouse tells the machine. */
export interface MousePort {
  move(position: Position): void;
  moveBy(deltas: readonly Delta[]): void;
  button(button: MouseButton, state: boolean): void;
  /** Calls back after `ms`; the answer cancels. */
  later(ms: number, then: () => void): () => void;
}

/** Paces moves (the newest position wins, movements add up) and keeps which buttons are down. */
export class Mouse {
  readonly #port: MousePort;
  readonly #options: () => MouseOptions;
  readonly #down = new Set<MouseButton>();
  #position: Position | undefined;
  #deltas: Delta[] = [];
  /** Parts of a px that were not told yet. */
  #rest = { x: 0, y: 0 };
  #cancel: (() => void) | undefined;

  constructor(port: MousePort, options: () => MouseOptions = () => MOUSE_DEFAULTS) {
    this.#port = port;
    this.#options = options;
  }

  /** The pointer is here (absolute mouse). */
  moveTo(position: Position): void {
    this.#position = position;
    this.#pace();
  }

  /** The mouse moved so far in px (relative mouse). */
  moveBy(x: number, y: number): void {
    const { sensitivity } = this.#options();
    const moved = { x: this.#rest.x + x * sensitivity, y: this.#rest.y + y * sensitivity };
    const whole = { x: Math.trunc(moved.x), y: Math.trunc(moved.y) };
    this.#rest = { x: moved.x - whole.x, y: moved.y - whole.y };
    if (whole.x === 0 && whole.y === 0) return;
    this.#deltas.push(...splitDelta(whole.x, whole.y));
    this.#pace();
  }

  /** A button went down or up; where the pointer is is told first. */
  button(button: MouseButton, state: boolean): void {
    if (this.#down.has(button) === state) return;
    this.#flush();
    if (state) this.#down.add(button);
    else this.#down.delete(button);
    this.#port.button(button, state);
  }

  /** Releases whatever is down; true when something was. */
  releaseAll(): boolean {
    const buttons = [...this.#down];
    for (const button of buttons) this.button(button, false);
    return buttons.length > 0;
  }

  /** Forgets moves that were not told yet. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#position = undefined;
    this.#deltas = [];
    this.#rest = { x: 0, y: 0 };
  }

  // The first move goes at once, further ones wait for the rest of the time.
  #pace(): void {
    if (this.#cancel !== undefined) return;
    this.#flush();
    this.#cancel = this.#port.later(this.#options().everyMs, () => {
      this.#cancel = undefined;
      if (this.#position !== undefined || this.#deltas.length > 0) this.#pace();
    });
  }

  #flush(): void {
    if (this.#position !== undefined) this.#port.move(this.#position);
    if (this.#deltas.length > 0) this.#port.moveBy(this.#deltas);
    this.#position = undefined;
    this.#deltas = [];
  }
}

/** A movement as steps of at most 127 each way. */
export function splitDelta(x: number, y: number): Delta[] {
  const steps = Math.ceil(Math.max(Math.abs(x), Math.abs(y)) / 127);
  const deltas: Delta[] = [];
  let [doneX, doneY] = [0, 0];
  for (let step = 1; step <= steps; step += 1) {
    const delta = {
      x: Math.trunc((x * step) / steps) - doneX,
      y: Math.trunc((y * step) / steps) - doneY,
    };
    doneX += delta.x;
    doneY += delta.y;
    deltas.push(delta);
  }
  return deltas;
}

/** The button of `MouseEvent.button`; back is `up` and forward is `down`. */
export function buttonOf(button: number): MouseButton | undefined {
  return (['left', 'middle', 'right', 'up', 'down'] as const)[button];
}

const PX_PER_MODE = [1, WHEEL_STEP_PX / 3, WHEEL_STEP_PX] as const;

/** How the wheel at hand is to be. */
export interface WheelOptions {
  /** Steps for one notch. */
  readonly rate: number;
  readonly reverse: boolean;
  readonly reverseSideways: boolean;
}

const WHEEL_DEFAULTS: WheelOptions = { rate: 1, reverse: false, reverseSideways: false };

/** Adds up wheel travel to whole steps; a change of direction starts anew. */
export class Wheel {
  readonly #options: () => WheelOptions;
  #x = 0;
  #y = 0;

  constructor(options: () => WheelOptions = () => WHEEL_DEFAULTS) {
    this.#options = options;
  }

  /** Takes a WheelEvent's travel; the steps to send (up and left are positive), if any. */
  turn(deltaX: number, deltaY: number, deltaMode: number): Delta | undefined {
    const { rate, reverse, reverseSideways } = this.#options();
    const px = (PX_PER_MODE[deltaMode] ?? 1) * rate;
    this.#x = added(this.#x, deltaX * px);
    this.#y = added(this.#y, deltaY * px);
    const steps = { x: wholeSteps(this.#x), y: wholeSteps(this.#y) };
    this.#x -= steps.x * WHEEL_STEP_PX;
    this.#y -= steps.y * WHEEL_STEP_PX;
    if (steps.x === 0 && steps.y === 0) return undefined;
    const x = clamped(steps.x) * (reverseSideways ? 1 : -1);
    const y = clamped(steps.y) * (reverse ? 1 : -1);
    // No negative zero.
    return { x: x + 0, y: y + 0 };
  }
}

const added = (sum: number, more: number) => (sum * more < 0 ? more : sum + more);
const wholeSteps = (px: number) => Math.trunc(px / WHEEL_STEP_PX);
const clamped = (steps: number) => Math.min(127, Math.max(-127, steps));
