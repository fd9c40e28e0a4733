import { type KeyName, keyFrame, moveFrame, relativeFrame } from '@crashcart/api';
import { send } from '../state/connection.ts';
import { absoluteMouse } from '../state/machine.ts';
import type { ProbePort } from './click-to-pixel.ts';
import { takesBack } from './probe-keys.ts';

/** What is sent to the machine so that its picture changes: a move, or a key. */
export type Probe = 'pointer' | KeyName;

/** Size at which pictures are compared, in px: a text cursor is still seen. */
const [WIDTH, HEIGHT] = [320, 180] as const;
/** How far from the middle the pointer goes, of 32767. */
const POINTER_OFFSET = 2_000;
const RELATIVE_STEP = 24;

/** A probe of this page's machine. */
export function pageProbe(probe: Probe): ProbePort {
  const small = document.createElement('canvas');
  small.width = WIDTH;
  small.height = HEIGHT;
  const context = small.getContext('2d', { willReadFrequently: true });
  if (context !== null) context.imageSmoothingQuality = 'high';
  return {
    send: (attempt) => (probe === 'pointer' ? movePointer(attempt) : press(probe, attempt)),
    pixels() {
      const picture = document.querySelector<HTMLCanvasElement | HTMLImageElement>('.picture');
      if (picture === null || context === null) return undefined;
      context.drawImage(picture, 0, 0, WIDTH, HEIGHT);
      return context.getImageData(0, 0, WIDTH, HEIGHT).data;
    },
    nextFrame: () =>
      new Promise((resolve) => requestAnimationFrame(() => resolve(performance.now()))),
  };
}

function press(probe: KeyName, attempt: number): void {
  const key = attempt % 2 === 0 ? probe : takesBack(probe);
  send(keyFrame(key, true));
  send(keyFrame(key, false));
}

function movePointer(attempt: number): void {
  const sign = attempt % 2 === 0 ? 1 : -1;
  if (absoluteMouse.peek()) send(moveFrame(sign * POINTER_OFFSET, sign * POINTER_OFFSET));
  else send(relativeFrame([{ x: sign * RELATIVE_STEP, y: sign * RELATIVE_STEP }], false));
}
