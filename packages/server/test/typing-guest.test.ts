import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LAYOUTS } from '../../../scripts/keymaps.mjs';
import { StateCell, until } from '../src/core/state.ts';
import { QemuVideoSource } from '../src/drivers/qemu/streamer.ts';
import type { Keymap } from '../src/protocols/keymap.ts';
import { KEYMAP_NAMES, loadKeymap } from '../src/protocols/keymaps.ts';
import { XkbGuest, xkbFiles } from './support/xkb-guest.ts';

/** `npm run soak` types everything; here, of the many letters of a dead key, only some. */
const ALL = process.env.TYPING === 'all';
const GUESTS = ALL ? 4 : 2;
/** 100,000 characters in all guests together. */
const LONG_TEXT = ALL ? 100_000 / GUESTS : 1000;
const LONG_TEXTS = Array.from({ length: ALL ? GUESTS : 1 }, (_, nth) => nth + 1);
const HOUR_MS = 3_600_000;

const files = xkbFiles();
const guests: XkbGuest[] = [];
/** Resolvers of those who wait for a guest. */
const waiting: ((guest: XkbGuest) => void)[] = [];

beforeAll(async () => {
  const started = await Promise.all(Array.from({ length: GUESTS }, () => XkbGuest.start(files)));
  guests.push(...started);
});
afterAll(async () => {
  await Promise.all(guests.map((guest) => guest[Symbol.asyncDispose]()));
  files[Symbol.dispose]();
});

/** Runs an action with a guest that nobody else uses. */
async function withGuest<T>(action: (guest: XkbGuest) => Promise<T>): Promise<T> {
  const guest = guests.pop() ?? (await new Promise<XkbGuest>((resolve) => waiting.push(resolve)));
  try {
    return await action(guest);
  } finally {
    const next = waiting.shift();
    if (next) next(guest);
    else guests.push(guest);
  }
}

/** Characters in an order that changes the held keys seldom. */
function inOrder(keymap: Keymap): readonly string[] {
  const way = (char: string) =>
    (keymap.strokesFor(char) ?? []).map((stroke) => [
      ...[stroke.altGr ? 1 : 0, stroke.shift ? 1 : 0, stroke.key],
    ]);
  const order = (char: string) => `${way(char).length} ${JSON.stringify(way(char))}`;
  return [...keymap.characters].sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** All characters of one stroke, and of each dead key the accent itself, the first and the last. */
function someOf(keymap: Keymap): readonly string[] {
  const byDeadKey = new Map<string, string[]>();
  const direct: string[] = [];
  for (const char of inOrder(keymap)) {
    const [first, second] = keymap.strokesFor(char) ?? [];
    if (!second) {
      direct.push(char);
      continue;
    }
    const dead = JSON.stringify(first);
    const made = byDeadKey.get(dead) ?? [];
    byDeadKey.set(dead, made);
    if (second.key === 'Space' || second.key === first?.key) made.unshift(char);
    else made.push(char);
  }
  const chosen = [...byDeadKey.values()].flatMap((made) => [
    ...made.slice(0, 2),
    ...made.slice(-1),
  ]);
  return [...new Set([...direct, ...chosen])];
}

/** The same random-looking characters at each run, of all that are given. */
function mixed(characters: readonly string[], count: number): string {
  let seed = 1;
  return Array.from({ length: count }, () => {
    seed = (seed * 48_271) % 0x7fffffff;
    return characters[seed % characters.length];
  }).join('');
}

/** What combines with the character before it would not come back as it is. */
const apart = (text: string) => text.replace(/\p{M}/gu, ' $&');

/** Where two long texts part, with what is around: a comparison of all would take minutes. */
function firstDifference(got: string, wanted: string): object | undefined {
  if (got === wanted) return undefined;
  let at = 0;
  while (got[at] === wanted[at]) at += 1;
  const around = (text: string) => text.slice(Math.max(0, at - 10), at + 10);
  return { at, got: around(got), wanted: around(wanted) };
}

describe.concurrent('a guest', () => {
  // First, since they take longest: one for each guest.
  it.each(LONG_TEXTS)('gets a long text, none of it lost (%i)', { timeout: HOUR_MS }, (_nth) =>
    withGuest(async (guest) => {
      await guest.use('de');
      const keymap = await loadKeymap('de');
      const direct = inOrder(keymap).filter((char) => keymap.strokesFor(char)?.length === 1);
      // As texts are: one in a hundred is none of the small letters and blanks.
      const usual = direct.flatMap(() =>
        [...'etaoinshrdlu    '].flatMap((char) => Array(6).fill(char)),
      );
      const words = mixed([...usual, ...direct], LONG_TEXT);
      const startMs = performance.now();
      expect(firstDifference(await guest.type(words, 'de'), words)).toBeUndefined();
      const seconds = (performance.now() - startMs) / 1000;
      console.log(`${LONG_TEXT} characters in ${seconds.toFixed(0)} s`);
    }),
  );

  it.each(KEYMAP_NAMES)('of layout %s gets every character of it', { timeout: HOUR_MS }, (name) =>
    withGuest(async (guest) => {
      const keymap = await loadKeymap(name);
      await guest.use(...(LAYOUTS[name] ?? ['']));
      const characters = ALL ? inOrder(keymap) : someOf(keymap);
      const text = apart(characters.join('') + mixed(characters, 20));
      expect(await guest.type(text, name)).toBe(text);
    }),
  );

  it('gets nothing of control characters, and each line end as one', () =>
    withGuest(async (guest) => {
      await guest.use('us');
      const typed = await guest.type(
        'a\u0000\u0007\u001b[31m\u007f\r\n\tb\u2028',
        'en-us',
        'a[31m\n\tb',
      );
      expect(typed).toBe('a[31m\n\tb');
    }));

  it('whose Caps Lock is on gets the text as it is, and has it on again', () =>
    withGuest(async (guest) => {
      const source = new QemuVideoSource({
        vncSocketPath: guest.machine.vncSocketPath,
        hasSound: new StateCell(true),
        powered: new StateCell(true),
        offReason: () => 'off',
        onLeds: (mask) => guest.machine.ledsFromVnc(mask),
        log: guest.log,
      });
      await guest.use('us');
      const caps = (on: boolean) => {
        const limit = AbortSignal.timeout(10_000);
        return until(guest.machine.hid.state, ({ keyboard }) => keyboard.leds.caps === on, limit);
      };
      const session = guest.hid.session('test');
      session.clickKey('CapsLock');
      await caps(true);
      expect(await guest.type('aBc', 'en-us')).toBe('aBc');
      await caps(true);
      session.clickKey('CapsLock');
      await caps(false);
      session.close();
      await source[Symbol.asyncDispose]();
    }));
});
