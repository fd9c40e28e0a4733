import { expect, it } from 'vitest';
import { figures, type StatusFacts, statusOf } from './status.ts';

const GOOD: StatusFacts = {
  link: 'open',
  attempt: 0,
  keysReleased: false,
  powered: true,
  powerIgnored: false,
  noSignalSinceMs: undefined,
  captured: false,
  pointerLocked: false,
  keyboardOnline: true,
  hostKey: 'Right Ctrl',
};
const textOf = (change: Partial<StatusFacts>) => statusOf({ ...GOOD, ...change }).text;

it('says in one sentence how things are', () => {
  expect(textOf({})).toBe('Running');
  expect(textOf({ captured: true })).toBe('Keyboard goes to the machine. Right Ctrl releases it.');
  expect(textOf({ powered: false })).toBe('The machine is off. Press Power to start it.');
  expect(textOf({ powerIgnored: true })).toBe(
    'The machine ignored the power button for 10 s. Hard off cuts the power.',
  );
  const noon = new Date(2026, 0, 2, 12, 3).getTime();
  expect(textOf({ noSignalSinceMs: noon })).toBe('No signal since 12:03.');
  expect(textOf({ link: 'lost', attempt: 3, keysReleased: true })).toBe(
    'Connection lost, trying again (3). Keys were released.',
  );
});

it('puts the most pressing first', () => {
  const all = { powered: false, powerIgnored: true, noSignalSinceMs: 0, captured: true };
  expect(textOf({ ...all, link: 'lost', attempt: 1 })).toBe('Connection lost, trying again (1).');
  expect(textOf(all)).toMatch(/is off/);
});

it('leaves out the figures that are not known', () => {
  expect(figures({ width: 1024, height: 768, fps: 30, latencyMs: 17.6 })).toBe(
    '1024×768 · 30 fps · 18 ms',
  );
  expect(figures({ width: 0, height: 0, latencyMs: 3 })).toBe('3 ms');
});
