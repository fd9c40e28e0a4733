import { type MouseButton, wheelFrame } from '@crashcart/api';
import { latchesUsed } from '../keys/latched-keys.ts';
import { send } from '../state/connection.ts';
import { absoluteMouse } from '../state/machine.ts';
import { reverseWheel, reverseWheelSideways, wheelRate } from '../state/settings.ts';
import { lockRefused, mouse, pointerLocked } from './capture.ts';
import { fitted, toPosition } from './coordinates.ts';
import { buttonOf, Wheel } from './mouse.ts';
import { pictureSize } from './picture-state.ts';

const wheelOptions = () => ({
  rate: wheelRate.peek(),
  reverse: reverseWheel.peek(),
  reverseSideways: reverseWheelSideways.peek(),
});

/** Sends what the pointer does over the picture, until the function that it returns is called. */
export function captureMouse(surface: HTMLElement, picture: () => HTMLElement | null): () => void {
  const listening = new AbortController();
  const { signal } = listening;
  const wheel = new Wheel(wheelOptions);

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
      if (event.pointerType === 'touch') return;
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
      tell(button, state);
    } else if (locked()) tell(button, state);
    else if (state) void lockPointer(surface);
  };
  const tell = (button: MouseButton, state: boolean) => {
    mouse.button(button, state);
    if (!state) latchesUsed();
  };
  surface.addEventListener(
    'pointerdown',
    (event) => {
      if (event.pointerType === 'touch') return;
      if (absoluteMouse.peek()) capturePointer(surface, event.pointerId);
      press(event, true);
    },
    { signal },
  );
  surface.addEventListener(
    'pointerup',
    (event) => {
      if (event.pointerType !== 'touch') press(event, false);
    },
    { signal },
  );
  surface.addEventListener(
    'pointercancel',
    ({ pointerType }) => {
      if (pointerType !== 'touch') mouse.releaseAll();
    },
    { signal },
  );
  // Else the middle button scrolls this page, and back and forward leave it.
  for (const name of ['mousedown', 'mouseup', 'auxclick'] as const) {
    surface.addEventListener(
      name,
      (event) => {
        if (event.button === 0) return;
        event.preventDefault();
        if (name === 'mousedown') surface.focus({ preventScroll: true });
      },
      { signal },
    );
  }
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
      lockRefused.value = false;
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

/** Movements as the hand makes them where the browser can: the machine accelerates by itself. */
async function lockPointer(surface: HTMLElement): Promise<void> {
  try {
    await surface.requestPointerLock({ unadjustedMovement: true });
  } catch {
    try {
      // Older browsers give no promise.
      await surface.requestPointerLock();
    } catch {
      lockRefused.value = true;
    }
  }
}
