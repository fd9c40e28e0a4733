import { captured, endCapture, keyboard, releaseInput, startCapture } from '../state/capture.ts';

/** Sends keys while the surface is captured, until the function that it returns is called. */
export function captureKeyboard(surface: HTMLElement): () => void {
  const listening = new AbortController();
  const { signal } = listening;

  surface.addEventListener(
    'keydown',
    (event) => {
      if (captured.peek()) {
        event.preventDefault();
        event.stopPropagation();
        keyboard.press(event);
      } else if (event.key === 'Enter' && !event.repeat) {
        event.preventDefault();
        startCapture();
      }
    },
    { signal },
  );
  surface.addEventListener(
    'keyup',
    (event) => {
      if (!captured.peek()) return;
      event.preventDefault();
      keyboard.release(event);
    },
    { signal },
  );
  surface.addEventListener('pointerdown', () => startCapture(), { signal });
  surface.addEventListener('blur', () => endCapture(), { signal });
  window.addEventListener('blur', () => endCapture(), { signal });
  window.addEventListener('pagehide', () => releaseInput(), { signal });
  document.addEventListener(
    'visibilitychange',
    () => {
      if (document.hidden) endCapture();
    },
    { signal },
  );
  return () => {
    endCapture();
    listening.abort();
  };
}
