import { captured, endCapture, keyboard, releaseInput, startCapture } from './capture.ts';
import { touchIsLast } from './touch.ts';

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
      } else if (touchIsLast.peek() && !event.repeat) {
        // A finger is no click that asks for the keyboard, but a key after it means the machine.
        event.preventDefault();
        startCapture();
        keyboard.press(event);
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
  surface.addEventListener(
    'pointerdown',
    ({ pointerType }) => {
      touchIsLast.value = pointerType === 'touch';
      if (pointerType !== 'touch') startCapture();
    },
    { signal },
  );
  surface.addEventListener(
    'blur',
    ({ relatedTarget }) => {
      // The soft keyboard goes on where the screen was; what is latched waits for it.
      if ((relatedTarget as Element | null)?.id !== 'soft-keyboard') endCapture();
    },
    { signal },
  );
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
