import type { KeyName, MouseButton } from '@crashcart/api';
import { type ReadonlyCell, StateCell } from '../../core/state.ts';

/** What somebody does; coordinates and steps as `HidDriver` has them. */
export type SerialInput =
  | { readonly kind: 'key'; readonly key: KeyName; readonly pressed: boolean }
  | { readonly kind: 'button'; readonly button: MouseButton; readonly pressed: boolean }
  | { readonly kind: 'move'; readonly x: number; readonly y: number }
  | { readonly kind: 'moveBy'; readonly x: number; readonly y: number }
  | { readonly kind: 'wheel'; readonly x: number; readonly y: number }
  /** Lets everything go. */
  | { readonly kind: 'release' };

/** With more waiting inputs than this, new ones are refused; releases are always taken. */
const MAX_BACKLOG = 20_000;
const MAX_STEP = 127;

/** Inputs on their way to a slow device, in order. Moves that wait at the end become one. */
export class InputQueue {
  readonly #backlog = new StateCell(0);
  #waiting: SerialInput[] = [];
  #isTaken = false;

  /** How many inputs wait, the one that is being sent included. */
  get backlog(): ReadonlyCell<number> {
    return this.#backlog;
  }

  /** False when too many wait. */
  push(input: SerialInput): boolean {
    const last = this.#waiting.at(-1);
    // Only the very last: a press between two moves must hit its own place.
    const joined = last && join(last, input);
    const isRelease = 'pressed' in input ? !input.pressed : input.kind === 'release';
    if (joined) this.#waiting.pop();
    else if (!isRelease && this.#waiting.length >= MAX_BACKLOG) return false;
    this.#waiting.push(joined ?? input);
    this.#count();
    return true;
  }

  /** The oldest, which counts as waiting until `done`. */
  take(): SerialInput | undefined {
    const input = this.#waiting.shift();
    this.#isTaken = input !== undefined;
    this.#count();
    return input;
  }

  /** What was taken is with the device, or given up. */
  done(): void {
    this.#isTaken = false;
    this.#count();
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting = [];
    this.#count();
  }

  #count(): void {
    this.#backlog.set(this.#waiting.length + (this.#isTaken ? 1 : 0));
  }
}

/** Two inputs as one, where that is the same to the machine. */
function join(last: SerialInput, next: SerialInput): SerialInput | undefined {
  if (last.kind === 'move' && next.kind === 'move') return next;
  const areSteps =
    (last.kind === 'moveBy' && next.kind === 'moveBy') ||
    (last.kind === 'wheel' && next.kind === 'wheel');
  if (!areSteps) return undefined;
  const [x, y] = [last.x + next.x, last.y + next.y];
  return Math.max(Math.abs(x), Math.abs(y)) <= MAX_STEP ? { kind: next.kind, x, y } : undefined;
}
