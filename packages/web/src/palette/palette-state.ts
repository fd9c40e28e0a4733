import { signal } from '@preact/signals';
import { captured, onHostKey, startCapture } from '../screen/capture.ts';

/** Whether the palette is open. */
export const paletteOpen = signal(false);

/** Where the focus was, and whether keys went to the machine there. */
let before: { readonly element: Element | null; readonly captured: boolean } | undefined;

/** Opens the search over everything that can be done. */
export function openPalette(): void {
  if (paletteOpen.peek()) return;
  before = { element: document.activeElement, captured: captured.peek() };
  paletteOpen.value = true;
}

/** Closes it; the focus, and with it the machine's keyboard, goes back to where it was. */
export function closePalette(): void {
  if (!paletteOpen.peek()) return;
  paletteOpen.value = false;
  const { element, captured: wasCaptured } = before ?? {};
  before = undefined;
  if (!(element instanceof HTMLElement) || !element.isConnected) return;
  element.focus({ preventScroll: true });
  if (wasCaptured === true) startCapture();
}

/** Closes it because the focus went elsewhere, where it stays. */
export function leavePalette(): void {
  paletteOpen.value = false;
  before = undefined;
}

/** Takes Ctrl+K (Cmd+K) of the page, until the function that it returns is called. */
export function listenForPalette(): () => void {
  const pressed = (event: KeyboardEvent) => {
    if (event.code !== 'KeyK' || !(event.ctrlKey || event.metaKey)) return;
    if (event.shiftKey || event.altKey || event.defaultPrevented) return;
    event.preventDefault();
    if (paletteOpen.peek()) closePalette();
    else openPalette();
  };
  const giveUp = onHostKey('KeyK', openPalette);
  window.addEventListener('keydown', pressed);
  return () => {
    giveUp();
    window.removeEventListener('keydown', pressed);
    leavePalette();
  };
}
