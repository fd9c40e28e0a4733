import type { MouseButton } from '@crashcart/api';

/** A point of the page in CSS px. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A finger that is on the screen. */
export interface Finger extends Point {
  readonly id: number;
}

/** `direct`: a finger is where it points. `trackpad`: it moves a pointer from afar. */
export type TouchMode = 'direct' | 'trackpad';

/** What fingers do. */
export interface GesturePort {
  /** The pointer goes to this point of the page (direct). */
  moveTo(point: Point): void;
  /** The pointer goes so far, in CSS px (trackpad). */
  moveBy(x: number, y: number): void;
  button(button: MouseButton, state: boolean): void;
  /** Wheel steps; up and left are positive. */
  scroll(x: number, y: number): void;
  /** The view grows by this factor around the point of the page. */
  zoom(factor: number, around: Point): void;
  /** The view is moved so far, in CSS px. */
  pan(x: number, y: number): void;
  /** A finger was held long enough for the right button: a phone may tremble. */
  felt(): void;
  /** Calls back after `ms`; the answer cancels. */
  later(ms: number, then: () => void): () => void;
}

/** A finger may tremble so far and still rests, in CSS px. */
export const SLOP_PX = 9;
/** The distance of two fingers changes so much before they pinch, in CSS px. */
export const PINCH_PX = 28;
/** A finger that rests so long presses the right button, in ms. */
export const LONG_PRESS_MS = 500;
/** Fingers that come up within this time have tapped; a second tap may follow as late. In ms. */
export const TAP_MS = 300;
/** Way of two fingers for one step of the wheel, in CSS px. */
export const SCROLL_STEP_PX = 20;

type Phase = 'idle' | 'one' | 'drag' | 'point' | 'many' | 'scroll' | 'pinch' | 'pan' | 'done';

/** A further finger is welcome. */
const JOINABLE: ReadonlySet<Phase> = new Set(['idle', 'one', 'point', 'many']);

const TAP_BUTTONS: readonly MouseButton[] = ['left', 'right', 'middle'];

/**
 * Turns fingers into what a mouse does. One finger: tap = click, a held one = right click; moved, it
 * drags (direct) or moves the pointer (trackpad, where tap and hold drags). Two fingers scroll, tap
 * for the right button, or pinch; three move the view or tap for the middle button.
 */
export class Gestures {
  readonly #port: GesturePort;
  readonly #mode: () => TouchMode;
  #phase: Phase = 'idle';
  #start: Point = { x: 0, y: 0 };
  #startSpread = 0;
  #startedAt = 0;
  /** Where the fingers were when they were last told. */
  #last: Point = { x: 0, y: 0 };
  #lastSpread = 0;
  #lastAt = 0;
  #peak = 0;
  #travel = { x: 0, y: 0 };
  #tap: { readonly at: number; readonly point: Point } | undefined;
  #cancelHold: (() => void) | undefined;

  constructor(port: GesturePort, mode: () => TouchMode) {
    this.#port = port;
    this.#mode = mode;
  }

  /** A finger came; `fingers` are all that are down now, `atMs` grows. */
  down(fingers: readonly Finger[], atMs: number): void {
    this.#cancelHold?.();
    if (fingers.length === 1) this.#begin('one', fingers, atMs);
    else if (this.#phase === 'drag') {
      this.#port.button('left', false);
      this.#phase = 'done';
    } else if (JOINABLE.has(this.#phase)) {
      this.#begin('many', fingers, atMs);
    }
    if (this.#phase === 'one') {
      this.#cancelHold = this.#port.later(LONG_PRESS_MS, () => this.#held());
    }
  }

  /** Fingers moved. */
  move(fingers: readonly Finger[], atMs: number): void {
    if (fingers.length < this.#peak) return;
    const at = centre(fingers);
    const spread = spreadOf(fingers, at);
    if (this.#phase === 'one') this.#decideOne(at);
    else if (this.#phase === 'many') this.#decideMany(fingers.length, at, spread);
    const moved = { x: at.x - this.#last.x, y: at.y - this.#last.y };
    switch (this.#phase) {
      case 'drag':
      case 'point':
        if (this.#mode() === 'direct') this.#port.moveTo(at);
        else this.#moveBy(moved, atMs - this.#lastAt);
        break;
      case 'scroll':
        this.#scroll(moved);
        break;
      case 'pinch':
        if (this.#lastSpread > 0) this.#port.zoom(spread / this.#lastSpread, at);
        this.#port.pan(moved.x, moved.y);
        break;
      case 'pan':
        this.#port.pan(moved.x, moved.y);
        break;
      default:
        // Undecided: the way so far counts once it is known for what.
        return;
    }
    this.#last = at;
    this.#lastSpread = spread;
    this.#lastAt = atMs;
  }

  /** A finger went; `fingers` are those that are still down. */
  up(fingers: readonly Finger[], atMs: number): void {
    this.#cancelHold?.();
    if (this.#phase === 'drag') {
      this.#port.button('left', false);
      this.#phase = 'done';
    }
    if (fingers.length > 0) {
      if (this.#phase !== 'many') this.#phase = 'done';
      return;
    }
    const isTap =
      this.#phase === 'one' || (this.#phase === 'many' && atMs - this.#startedAt <= TAP_MS);
    if (isTap) this.#click(TAP_BUTTONS[this.#peak - 1], atMs);
    this.#phase = 'idle';
  }

  /** The browser took the fingers away; nothing stays pressed. */
  cancel(): void {
    this.#cancelHold?.();
    if (this.#phase === 'drag') this.#port.button('left', false);
    this.#phase = 'idle';
    this.#tap = undefined;
  }

  #begin(phase: Phase, fingers: readonly Finger[], atMs: number): void {
    this.#phase = phase;
    this.#start = centre(fingers);
    this.#startSpread = spreadOf(fingers, this.#start);
    this.#startedAt = atMs;
    this.#last = this.#start;
    this.#lastSpread = this.#startSpread;
    this.#lastAt = atMs;
    this.#peak = fingers.length;
    this.#travel = { x: 0, y: 0 };
  }

  /** Tap and hold: the tap before makes this finger drag. */
  get #followsTap(): boolean {
    if (this.#mode() !== 'trackpad' || this.#tap === undefined) return false;
    const isSoon = this.#startedAt - this.#tap.at <= TAP_MS;
    return isSoon && distance(this.#start, this.#tap.point) <= 4 * SLOP_PX;
  }

  #held(): void {
    if (this.#phase !== 'one') return;
    if (this.#followsTap) {
      this.#port.button('left', true);
      this.#phase = 'drag';
      return;
    }
    this.#port.felt();
    this.#click('right', this.#startedAt);
    this.#phase = 'done';
  }

  #decideOne(at: Point): void {
    if (distance(at, this.#start) <= SLOP_PX) return;
    this.#cancelHold?.();
    const direct = this.#mode() === 'direct';
    if (!direct && !this.#followsTap) {
      this.#phase = 'point';
      return;
    }
    if (direct) this.#port.moveTo(this.#start);
    this.#port.button('left', true);
    this.#phase = 'drag';
  }

  #decideMany(count: number, at: Point, spread: number): void {
    const travel = distance(at, this.#start);
    const change = Math.abs(spread - this.#startSpread);
    if (count > 2) {
      if (travel > SLOP_PX) this.#phase = 'pan';
    } else if (change > PINCH_PX && change > travel) this.#phase = 'pinch';
    else if (travel > SLOP_PX) {
      if (this.#mode() === 'direct') this.#port.moveTo(this.#start);
      this.#phase = 'scroll';
    }
  }

  #click(button: MouseButton | undefined, atMs: number): void {
    if (button === undefined) return;
    if (this.#mode() === 'direct') this.#port.moveTo(this.#start);
    this.#port.button(button, true);
    this.#port.button(button, false);
    this.#tap = button === 'left' ? { at: atMs, point: this.#start } : undefined;
  }

  #moveBy(moved: Point, ms: number): void {
    const gain = pointerGain(Math.hypot(moved.x, moved.y), ms);
    this.#port.moveBy(moved.x * gain, moved.y * gain);
  }

  // What is under the fingers follows them, as on every touch screen.
  #scroll(moved: Point): void {
    const x = this.#travel.x + moved.x;
    const y = this.#travel.y + moved.y;
    const steps = { x: Math.trunc(x / SCROLL_STEP_PX), y: Math.trunc(y / SCROLL_STEP_PX) };
    this.#travel = { x: x - steps.x * SCROLL_STEP_PX, y: y - steps.y * SCROLL_STEP_PX };
    if (steps.x !== 0 || steps.y !== 0) this.#port.scroll(steps.x, steps.y);
  }
}

/** How much farther than the finger the pointer goes: 1 when slow, up to 3 when fast. */
export function pointerGain(px: number, ms: number): number {
  const speed = px / Math.max(1, ms);
  return Math.min(3, Math.max(1, 0.6 + speed * 1.6));
}

const distance = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y);

function centre(fingers: readonly Point[]): Point {
  const count = Math.max(1, fingers.length);
  return {
    x: fingers.reduce((sum, { x }) => sum + x, 0) / count,
    y: fingers.reduce((sum, { y }) => sum + y, 0) / count,
  };
}

/** For two fingers their distance. */
function spreadOf(fingers: readonly Point[], middle: Point): number {
  return fingers.reduce((sum, finger) => sum + distance(finger, middle), 0);
}
