import type { Delta } from '@crashcart/api';

/** The largest step of a relative mouse report; -128 is no valid value of it. */
const STEP_LIMIT = 127;

/** A step within -127..127 each. */
export function clampDelta(delta: Delta): Delta {
  return { x: clamp(delta.x), y: clamp(delta.y) };
}

/**
 * Joins successive steps while their sums stay within -127..127; a remainder of nothing is left
 * out. No part of a move is lost: [100, 100] stays two steps, [1, 2] becomes one of 3.
 */
export function squash(deltas: readonly Delta[]): readonly Delta[] {
  const joined: Delta[] = [];
  let x = 0;
  let y = 0;
  const flush = () => {
    if (x !== 0 || y !== 0) joined.push({ x, y });
  };
  for (const delta of deltas) {
    const step = clampDelta(delta);
    if (Math.abs(x + step.x) > STEP_LIMIT || Math.abs(y + step.y) > STEP_LIMIT) {
      flush();
      x = step.x;
      y = step.y;
    } else {
      x += step.x;
      y += step.y;
    }
  }
  flush();
  return joined;
}

function clamp(value: number): number {
  return Math.min(STEP_LIMIT, Math.max(-STEP_LIMIT, value));
}
