import { expect, it } from 'vitest';
import { Latches } from './latches.ts';

function latchesOf() {
  const told: string[] = [];
  const latches = new Latches((key, state) => told.push(`${state ? '+' : '-'}${key}`));
  return { latches, told, held: () => Object.fromEntries(latches.held) };
}

it('holds a modifier for one key after one press', () => {
  const { latches, told, held } = latchesOf();
  latches.press('ControlLeft', 0);
  latches.press('AltLeft', 100);
  expect(held()).toEqual({ ControlLeft: 'latched', AltLeft: 'latched' });
  latches.used();
  expect(told).toEqual(['+ControlLeft', '+AltLeft', '-AltLeft', '-ControlLeft']);
  expect(held()).toEqual({});
});

it('holds it until it is pressed again after two quick presses', () => {
  const { latches, told, held } = latchesOf();
  latches.press('ShiftLeft', 0);
  latches.press('ShiftLeft', 300);
  latches.used();
  expect(held()).toEqual({ ShiftLeft: 'locked' });
  latches.press('ShiftLeft', 400);
  expect(told).toEqual(['+ShiftLeft', '-ShiftLeft']);
});

it('lets go at a slow second press, so that Win alone can be clicked', () => {
  const { latches, told } = latchesOf();
  latches.press('MetaLeft', 0);
  latches.press('MetaLeft', 1_000);
  expect(told).toEqual(['+MetaLeft', '-MetaLeft']);
});

it('releases everything in reverse', () => {
  const { latches, told } = latchesOf();
  latches.press('ControlLeft', 0);
  latches.press('ControlLeft', 1);
  latches.press('AltLeft', 2);
  latches.releaseAll();
  expect(told.slice(2)).toEqual(['-AltLeft', '-ControlLeft']);
});
