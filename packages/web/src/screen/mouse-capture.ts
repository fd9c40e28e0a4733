import { wheelFrame } from '@crashcart/api';
import { mouse, pointerLocked } from '../state/capture.ts';
import { send } from '../state/connection.ts';
import { absoluteMouse } from '../state/machine.ts';
import { pictureSize } from '../state/picture.ts';
import { fitted, toPosition } from './coordinates.ts';
import { buttonOf, Wheel } from './mouse.ts';

/** Sends what the pointer does over the picture, until the function that it returns is called. */
export function captureMouse(surface: HTMLElement, picture: () => HTMLElement | null): () => void {
  const listening = new AbortController();
  const { signal } = listening;
  const wheel = new Wheel();

  const point = (event: PointerEvent) => {
    const element = picture();
    if (element === null) return;
    const { width, height } = pictureSize.peek();
    const box = fitted(element.getBoundingClientRect(), width, height);
    mouse.moveTo(toPosition(box, event.clientX, event.clientY));
  };
  const locked = () => document.pointerLockElement === surface;

  surface.addEventListener(
    'pointermove',
    (event) => {
      if (absoluteMouse.peek()) point(event);
      else if (locked()) mouse.moveBy(event.movementX, event.movementY);
      // Further buttons of a mouse that has one down arrive as moves.
      if (event.button >= 0) press(event, (event.buttons & maskOf(event.button)) !== 0);
    },
    { signal },
  );
  const press = (event: PointerEvent, state: boolean) => {
    const button = buttonOf(event.button);
    if (button === undefined) return;
    if (absoluteMouse.peek()) {
      point(event);
      mouse.button(button, state);
    } else if (locked()) mouse.button(button, state);
    else if (state) lockPointer(surface);
  };
  surface.addEventListener(
    'pointerdown',
    (event) => {
      if (absoluteMouse.peek()) capturePointer(surface, event.pointerId);
      press(event, true);
    },
    { signal },
  );
  surface.addEventListener('pointerup', (event) => press(event, false), { signal });
  surface.addEventListener('pointercancel', () => mouse.releaseAll(), { signal });
  surface.addEventListener('contextmenu', (event) => event.preventDefault(), { signal });
  surface.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      if (!absoluteMouse.peek() && !locked()) return;
      const delta = wheel.turn(event.deltaX, event.deltaY, event.deltaMode);
      if (delta !== undefined) send(wheelFrame([delta], true));
    },
    { signal, passive: false },
  );
  document.addEventListener(
    'pointerlockchange',
    () => {
      pointerLocked.value = locked();
      if (!locked()) mouse.releaseAll();
    },
    { signal },
  );
  return () => listening.abort();
}

// MouseEvent.buttons numbers them in another order than MouseEvent.button.
const maskOf = (button: number) => [1, 4, 2, 8, 16][button] ?? 0;

// A pointer that is gone already cannot be held; then its `up` comes or does not matter.
function capturePointer(surface: HTMLElement, pointerId: number): void {
  try {
    surface.setPointerCapture(pointerId);
  } catch {
    mouse.releaseAll();
  }
}

function lockPointer(surface: HTMLElement): void {
  const refused = () => {
    pointerLocked.value = false;
  };
  // Older browsers give no promise.
  void Promise.resolve(surface.requestPointerLock()).catch(refused);
}
