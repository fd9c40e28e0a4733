import { signal } from '@preact/signals';

/** Whether the page fills the whole screen. */
export const fullScreen = signal(false);
/** Whether the bar was fetched back while it does. */
export const barShown = signal(false);
/** Whether it was filled a moment ago, so that the way back is to be told. */
export const fullScreenFresh = signal(false);
/** Whether this browser can do it at all (phones of Apple cannot). */
export const canFullScreen = globalThis.document?.fullscreenEnabled ?? false;

/** Browsers that can, also give the keys that they keep otherwise (Alt+Tab, Win). */
interface LockableKeyboard {
  readonly keyboard?: { lock(): Promise<void>; unlock(): void };
}

/** Fills the screen, or leaves it; a browser may refuse, and the page then stays as it is. */
export function toggleFullScreen(): void {
  void toggle().catch(() => undefined);
}

async function toggle(): Promise<void> {
  const { keyboard } = navigator as LockableKeyboard;
  if (document.fullscreenElement !== null) {
    keyboard?.unlock();
    await document.exitFullscreen();
    return;
  }
  await document.documentElement.requestFullscreen();
  document.getElementById('screen')?.focus();
  await keyboard?.lock();
}

/** How long the way back is told, in ms. */
const TOLD_MS = 5_000;
let told: ReturnType<typeof setTimeout> | undefined;

globalThis.document?.addEventListener('fullscreenchange', () => {
  fullScreen.value = document.fullscreenElement !== null;
  barShown.value = false;
  fullScreenFresh.value = fullScreen.peek();
  clearTimeout(told);
  told = setTimeout(() => {
    fullScreenFresh.value = false;
  }, TOLD_MS);
});
