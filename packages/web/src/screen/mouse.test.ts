import { describe, expect, it } from 'vitest';
import { buttonOf, Mouse, splitDelta, Wheel } from './mouse.ts';

function mouseOf() {
  const told: unknown[] = [];
  const timers: (() => void)[] = [];
  const mouse = new Mouse({
    move: ({ x, y }) => told.push(['move', x, y]),
    moveBy: (deltas) => told.push(['by', ...deltas.map(({ x, y }) => [x, y])]),
    button: (button, state) => told.push([button, state]),
    later: (_ms, then) => {
      timers.push(then);
      return () => timers.splice(timers.indexOf(then), 1);
    },
  });
  return { mouse, told, tick: () => timers.shift()?.() };
}

describe('Mouse', () => {
  it('tells the first position at once and then only the newest', () => {
    const { mouse, told, tick } = mouseOf();
    mouse.moveTo({ x: 1, y: 1 });
    mouse.moveTo({ x: 2, y: 2 });
    mouse.moveTo({ x: 3, y: 3 });
    expect(told).toEqual([['move', 1, 1]]);
    tick();
    expect(told).toEqual([
      ['move', 1, 1],
      ['move', 3, 3],
    ]);
  });

  it('tells where the pointer is before a button', () => {
    const { mouse, told } = mouseOf();
    mouse.moveTo({ x: 1, y: 1 });
    mouse.moveTo({ x: 5, y: 6 });
    mouse.button('left', true);
    expect(told.slice(1)).toEqual([
      ['move', 5, 6],
      ['left', true],
    ]);
  });

  it('collects movements and loses none', () => {
    const { mouse, told, tick } = mouseOf();
    mouse.moveBy(1, 0);
    mouse.moveBy(2, 0);
    mouse.moveBy(0, 3);
    tick();
    expect(told).toEqual([
      ['by', [1, 0]],
      ['by', [2, 0], [0, 3]],
    ]);
  });

  it('moves a relative mouse as far as is wished, and loses no part of a px', () => {
    const told: number[] = [];
    const mouse = new Mouse(
      {
        ...{ move: () => undefined, button: () => undefined, later: () => () => undefined },
        moveBy: (deltas) => told.push(...deltas.map(({ x }) => x)),
      },
      () => ({ everyMs: 10, sensitivity: 0.4 }),
    );
    for (let step = 0; step < 10; step += 1) mouse.moveBy(1, 0);
    mouse.button('left', true);
    expect(told.reduce((sum, x) => sum + x, 0)).toBe(4);
  });

  it('releases only the buttons that are down', () => {
    const { mouse, told } = mouseOf();
    mouse.button('right', true);
    expect(mouse.releaseAll()).toBe(true);
    expect(mouse.releaseAll()).toBe(false);
    expect(told).toEqual([
      ['right', true],
      ['right', false],
    ]);
  });
});

it('splits a long movement into steps that fit and add up', () => {
  const deltas = splitDelta(300, -200);
  expect(deltas.every(({ x, y }) => Math.abs(x) <= 127 && Math.abs(y) <= 127)).toBe(true);
  expect(deltas.reduce((sum, { x }) => sum + x, 0)).toBe(300);
  expect(deltas.reduce((sum, { y }) => sum + y, 0)).toBe(-200);
});

it('names the buttons as PiKVM does', () => {
  expect([0, 1, 2, 3, 4, 5].map(buttonOf)).toEqual([
    'left',
    'middle',
    'right',
    'up',
    'down',
    undefined,
  ]);
});

it('adds up small wheel travel and forgets it when the direction changes', () => {
  const wheel = new Wheel();
  expect(wheel.turn(0, 60, 0)).toBeUndefined();
  expect(wheel.turn(0, 60, 0)).toEqual({ x: 0, y: -1 });
  expect(wheel.turn(0, -90, 0)).toBeUndefined();
  expect(wheel.turn(0, -20, 0)).toEqual({ x: 0, y: 1 });
  expect(wheel.turn(0, 3, 1)).toEqual({ x: 0, y: -1 });
});

it('turns further and the other way when that is wished', () => {
  const wheel = new Wheel(() => ({ rate: 3, reverse: true, reverseSideways: false }));
  expect(wheel.turn(0, 100, 0)).toEqual({ x: 0, y: 3 });
  expect(wheel.turn(100, 0, 0)).toEqual({ x: -3, y: 0 });
});
