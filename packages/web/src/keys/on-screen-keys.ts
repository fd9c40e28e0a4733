import { type KeyName, MODIFIER_KEYS } from '@crashcart/api';
import { effect } from '@preact/signals';
import { heldKeys, keysDown, onRelease } from '../screen/capture.ts';
import { link } from '../state/connection.ts';
import { latchesUsed, pressLatch, releaseLatches } from './latched-keys.ts';

const pressed = new Set<KeyName>();

/** A key of the on-screen keyboard goes down; a modifier stays there by itself. */
export function pressOnScreen(key: KeyName): void {
  if (link.peek().kind !== 'open') return;
  if (MODIFIER_KEYS.has(key)) {
    pressLatch(key);
    return;
  }
  pressed.add(key);
  heldKeys.set('on screen', key, true);
}

/** A key of the on-screen keyboard comes up. */
export function releaseOnScreen(key: KeyName): void {
  if (pressed.delete(key)) heldKeys.set('on screen', key, false);
}

/** Everything that the on-screen keyboard holds comes up; true when something was down. */
export function releaseAllOnScreen(): boolean {
  const keys = [...pressed].reverse();
  for (const key of keys) releaseOnScreen(key);
  return releaseLatches() || keys.length > 0;
}

onRelease(releaseAllOnScreen);

// A latched modifier is for the next key of either keyboard.
let ordinary = 0;
effect(() => {
  const now = keysDown.value.filter((key) => !MODIFIER_KEYS.has(key)).length;
  if (now < ordinary) latchesUsed();
  ordinary = now;
});
