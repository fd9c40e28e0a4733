import { effect, signal } from '@preact/signals';
import { scale } from '../state/settings.ts';
import type { Point } from './gestures.ts';
import { pictureSize } from './picture-state.ts';
import { kept, panned, type Stage, type View, WHOLE, zoomedAt } from './view.ts';

/** Size of the place for the picture, in CSS px. */
export const stageSize = signal({ width: 0, height: 0 });
/** How the picture is shown in it while it is fitted in. */
export const view = signal<View>(WHOLE);

/** The place and the picture of now. */
export function stageNow(): Stage {
  return { ...stageSize.peek(), picture: pictureSize.peek() };
}

/** Zooms around a point of the place. */
export function zoomView(factor: number, around: Point): void {
  setView(zoomedAt(view.peek(), factor, around, stageNow()));
}

/** Moves the picture on its place. */
export function panView(x: number, y: number): void {
  setView(panned(view.peek(), x, y, stageNow()));
}

/** Shows the picture so. */
export function setView(next: View): void {
  const before = view.peek();
  if (before.zoom !== next.zoom || before.x !== next.x || before.y !== next.y) view.value = next;
}

// A turned phone, a raised keyboard, another resolution: the view stays on the picture.
effect(() => {
  const stage = { ...stageSize.value, picture: pictureSize.value };
  setView(scale.value === 'fit' ? kept(view.peek(), stage) : WHOLE);
});
