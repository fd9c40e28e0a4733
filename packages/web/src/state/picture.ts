import { signal } from '@preact/signals';

/** Size of the machine's picture in px; 0 until there is one. */
export const pictureSize = signal({ width: 0, height: 0 });
/** Pictures drawn in the last second; undefined where the browser does not tell. */
export const drawnFps = signal<number | undefined>(undefined);
/** How the picture comes. */
export const videoMode = signal<'tiles' | 'mjpeg'>('tiles');

/** Notes the size of the picture; the same size is silent. */
export function notePictureSize(width: number, height: number): void {
  const before = pictureSize.peek();
  if (before.width !== width || before.height !== height) pictureSize.value = { width, height };
}
