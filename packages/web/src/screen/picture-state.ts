import { computed, signal } from '@preact/signals';
import { videoPath } from '../state/settings.ts';
import { choosePath, type PathTroubles } from './paths.ts';

/** Size of the machine's picture in px; 0 until there is one. */
export const pictureSize = signal({ width: 0, height: 0 });
/** Pictures drawn in the last second; undefined where the browser does not tell. */
export const drawnFps = signal<number | undefined>(undefined);

/** Why ways to the picture could not be taken, as tried. */
export const pathTroubles = signal<PathTroubles>({});
/** How the picture comes, and why in words. */
export const chosenPath = computed(() =>
  choosePath(videoPath.value, pathTroubles.value, {
    isSecure: globalThis.isSecureContext === true,
    hasDecoder: 'VideoDecoder' in globalThis,
    hasWebRtc: 'RTCPeerConnection' in globalThis,
  }),
);
/** How the picture comes. */
export const videoMode = computed(() => chosenPath.value.path);
/** Number of the current try to get the picture back, while the server is reached; 0 = it comes. */
export const pictureAttempt = signal(0);

/** Notes the size of the picture; the same size is silent. */
export function notePictureSize(width: number, height: number): void {
  const before = pictureSize.peek();
  if (before.width !== width || before.height !== height) pictureSize.value = { width, height };
}
