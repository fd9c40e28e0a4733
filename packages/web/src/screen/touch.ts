import { computed, signal } from '@preact/signals';
import { absoluteMouse } from '../state/machine.ts';
import { remembered } from '../state/remembered.ts';
import type { Point, TouchMode } from './gestures.ts';

/** How fingers are meant, as the user chose. */
export const touchChoice = remembered<TouchMode>('touchMode', ['direct', 'trackpad'], 'direct');
/** How fingers are meant: a relative mouse cannot be put anywhere, so it is moved from afar. */
export const touchMode = computed<TouchMode>(() =>
  absoluteMouse.value ? touchChoice.value : 'trackpad',
);

/** When the row of keys below the screen is there. */
export const KEY_ROWS = ['touch', 'always', 'never'] as const;
export const keyRow = remembered<(typeof KEY_ROWS)[number]>('keyRow', KEY_ROWS, 'touch');
/** Whether fingers are at hand: told by the device, or one was seen on the screen. */
export const touchSeen = signal(globalThis.matchMedia?.('(pointer: coarse)').matches ?? false);
/** Whether the row of keys is there. */
export const keyRowShown = computed(
  () => keyRow.value === 'always' || (keyRow.value === 'touch' && touchSeen.value),
);

/** Whether the screen was last used with a finger. */
export const touchIsLast = signal(false);
/** Where the pointer of the trackpad is, as shares of the picture (0..1). */
export const pointerAt = signal<Point>({ x: 0.5, y: 0.5 });
/** Whether the pointer of the trackpad is drawn; a relative mouse draws its own. */
export const pointerDrawn = computed(
  () => touchIsLast.value && absoluteMouse.value && touchMode.value === 'trackpad',
);
