import { expect, it } from 'vitest';
import { HeldKeys } from './held-keys.ts';

it('keeps a key down until both keyboards have let go', () => {
  const told: string[] = [];
  const held = new HeldKeys((key, state) => told.push(`${state ? '+' : '-'}${key}`));
  held.set('on screen', 'ShiftLeft', true);
  held.set('keyboard', 'ShiftLeft', true);
  held.set('keyboard', 'ShiftLeft', false);
  held.set('keyboard', 'ShiftLeft', false);
  expect(told).toEqual(['+ShiftLeft']);
  expect(held.keys).toEqual(['ShiftLeft']);
  held.set('on screen', 'ShiftLeft', false);
  expect(told).toEqual(['+ShiftLeft', '-ShiftLeft']);
  expect(held.keys).toEqual([]);
});
