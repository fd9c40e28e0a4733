import { expect, it } from 'vitest';
import { InputQueue, type SerialInput } from './input-queue.ts';

const KEY: SerialInput = { kind: 'key', key: 'KeyA', pressed: true };
const UP: SerialInput = { ...KEY, pressed: false };

/** Everything that waits, in order. */
function drain(queue: InputQueue): readonly SerialInput[] {
  const inputs: SerialInput[] = [];
  for (let one = queue.take(); one; one = queue.take()) inputs.push(one);
  queue.done();
  return inputs;
}

it('joins moves that wait side by side: places to the newer, steps to their sum', () => {
  const queue = new InputQueue();
  const steps = (x: number, y: number): SerialInput => ({ kind: 'moveBy', x, y });
  const place = (x: number): SerialInput => ({ kind: 'move', x, y: 0 });
  for (const one of [steps(100, 1), steps(27, -5), steps(1, 0), KEY, steps(2, 2)]) queue.push(one);
  for (const one of [place(1), place(2), { kind: 'wheel', x: 0, y: 1 } as const]) queue.push(one);
  expect(drain(queue)).toEqual([
    ...[steps(127, -4), steps(1, 0), KEY, steps(2, 2), place(2), { kind: 'wheel', x: 0, y: 1 }],
  ]);
});

it('does not join with what is being sent', () => {
  const queue = new InputQueue();
  queue.push({ kind: 'moveBy', x: 1, y: 1 });
  queue.take();
  queue.push({ kind: 'moveBy', x: 2, y: 2 });
  expect(queue.backlog.value).toBe(2);
  expect(drain(queue)).toEqual([{ kind: 'moveBy', x: 2, y: 2 }]);
  expect(queue.backlog.value).toBe(0);
});

it('refuses presses when too many wait, never releases', () => {
  const queue = new InputQueue();
  while (queue.push(KEY));
  expect(queue.backlog.value).toBe(20_000);
  expect(queue.push(UP)).toBe(true);
  expect(queue.push({ kind: 'release' })).toBe(true);
  expect(queue.push(KEY)).toBe(false);
  queue.clear();
  expect(queue.backlog.value).toBe(0);
});
