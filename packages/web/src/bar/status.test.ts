import { expect, it } from 'vitest';
import { figures, type StatusFacts, statusOf } from './status.ts';

const GOOD: StatusFacts = {
  link: 'open',
  attempt: 0,
  restarting: false,
  keysReleased: false,
  powered: true,
  powerIgnored: false,
  pictureReason: undefined,
  noSignalSinceMs: undefined,
  pictureAttempt: 0,
  typingFailure: undefined,
  captured: false,
  softKeyboard: false,
  mouse: 'absolute',
  input: 'good',
  typing: undefined,
  typingIsOwn: false,
  drive: undefined,
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
  expect(textOf({ noSignalSinceMs: noon })).toBe(
    'No signal since 12:03. Press a key to wake the machine.',
  );
  expect(textOf({ noSignalSinceMs: noon, pictureReason: 'The cable is out' })).toBe(
    'No signal since 12:03. The cable is out.',
  );
  expect(textOf({ link: 'lost', attempt: 3, keysReleased: true })).toBe(
    'Connection lost, trying again (3). Keys were released.',
  );
});

it('says that the server restarts, as that is no fault of the network', () => {
  const lost = { link: 'lost', attempt: 2 } as const;
  expect(textOf({ ...lost, restarting: true })).toBe('The server restarts, trying again (2).');
});

it('tells a broken machine from one that is off', () => {
  const off = 'The machine is off. Press Power to start it.';
  expect(textOf({ powered: false, pictureReason: off })).toBe(off);
  const reason = 'The machine does not work: The program xorriso is not installed';
  expect(statusOf({ ...GOOD, powered: false, pictureReason: reason })).toEqual({
    kind: 'bad',
    text: `${reason}. See Log, under More.`,
  });
});

it('says when the picture does not come, but not at the first try', () => {
  expect(textOf({ pictureAttempt: 1 })).toBe('Running');
  expect(textOf({ pictureAttempt: 2 })).toBe(
    'The picture does not come, trying again (2). Keys still reach the machine.',
  );
});

it('says how the mouse of steps is taken and given back', () => {
  expect(textOf({ mouse: 'relative' })).toBe('Running. Click the screen to use the mouse.');
  const captured = (mouse: StatusFacts['mouse']) => textOf({ captured: true, mouse });
  expect(captured('locked')).toBe('Keyboard and mouse go to the machine. Right Ctrl releases it.');
  expect(captured('relative')).toMatch(/Click the screen for the mouse, Right Ctrl releases/);
  expect(captured('refused')).toMatch(/did not lock the pointer\..*click the screen again/);
});

it('says when input is refused, and by what', () => {
  const captured = (change: Partial<StatusFacts>) => textOf({ captured: true, ...change });
  expect(captured({ input: 'none' })).toMatch(/takes no keyboard .* Set up `hid`/);
  expect(captured({ input: 'asleep' })).toMatch(/Wait until it has started/);
  expect(captured({ input: 'busy' })).toMatch(/being reset/);
  expect(textOf({ typingFailure: '“é” was not typed: …' })).toMatch(/was not typed/);
});

it('says what else goes on', () => {
  const typing = { written: 12, total: 400 };
  expect(textOf({ typing, captured: true })).toBe('A text is being typed (12 of 400).');
  expect(textOf({ typing, typingIsOwn: true })).toMatch(/Type text can stop it/);
  expect(textOf({ drive: 'a.iso is uploaded (45 %).' })).toBe('a.iso is uploaded (45 %).');
  expect(textOf({ captured: true, softKeyboard: true })).toMatch(/until it is hidden/);
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
