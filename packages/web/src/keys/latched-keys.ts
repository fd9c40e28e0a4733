import type { KeyName } from '@crashcart/api';
import { signal } from '@preact/signals';
import { heldKeys, onRelease } from '../screen/capture.ts';
import { type Latch, Latches } from './latches.ts';

/** The modifiers that wait for another key or stay down, for whoever draws them. */
export const latched = signal<ReadonlyMap<KeyName, Latch>>(new Map());

const latches = new Latches((key, state) => heldKeys.set('on screen', key, state));

/** A modifier is pressed on the screen: once for the next key or click, twice to stay down. */
export function pressLatch(key: KeyName): void {
  latches.press(key, performance.now());
  latched.value = latches.held;
}

/** Another key or a button was used: what waited for it comes up. */
export function latchesUsed(): void {
  if (latched.peek().size === 0) return;
  latches.used();
  latched.value = latches.held;
}

/** All come up; true when one was down. */
export function releaseLatches(): boolean {
  const { size } = latched.peek();
  latches.releaseAll();
  latched.value = latches.held;
  return size > 0;
}

onRelease(releaseLatches);
