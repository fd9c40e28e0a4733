import { wheelFrame } from '@crashcart/api';
import { latchesUsed } from '../keys/latched-keys.ts';
import { send } from '../state/connection.ts';
import { absoluteMouse } from '../state/machine.ts';
import { scale } from '../state/settings.ts';
import { mouse } from './capture.ts';
import { fitted, toPosition } from './coordinates.ts';
import { barShown } from './full-screen.ts';
import { type Finger, Gestures, type Point } from './gestures.ts';
import { pictureSize } from './picture-state.ts';
import { pointerAt, touchIsLast, touchMode, touchSeen } from './touch.ts';
import { FRAME_PX, following, pictureBox, WHOLE } from './view.ts';
import { panView, setView, stageNow, view, zoomView } from './view-state.ts';

/** So near may the pointer come to the edge before the view follows, in CSS px. */
const MARGIN_PX = 48;
const FELT_MS = 12;

/** Sends what fingers do on the screen, until the function that it returns is called. */
export function captureTouch(surface: HTMLElement, picture: () => HTMLElement | null): () => void {
  const listening = new AbortController();
  const { signal } = listening;
  const gestures = new Gestures(
    {
      moveTo: (point) => {
        const element = picture();
        if (element === null) return;
        const box = fittedBox(element);
        pointerAt.value = shareOf(box, point);
        mouse.moveTo(toPosition(box, point.x, point.y));
      },
      moveBy,
      button: (button, state) => {
        mouse.button(button, state);
        if (!state) latchesUsed();
      },
      scroll: (x, y) => send(wheelFrame([{ x: step(x), y: step(y) }], true)),
      zoom: (factor, around) => {
        if (scale.peek() === 'actual') leaveActualSize(surface);
        const { left, top } = surface.getBoundingClientRect();
        zoomView(factor, { x: around.x - left - FRAME_PX, y: around.y - top - FRAME_PX });
      },
      pan: (x, y) => {
        if (scale.peek() === 'actual') surface.scrollBy(-x, -y);
        else panView(x, y);
      },
      felt: () => navigator.vibrate?.(FELT_MS),
      later: (ms, then) => {
        const timer = setTimeout(then, ms);
        return () => clearTimeout(timer);
      },
    },
    () => touchMode.peek(),
  );

  const listen = (
    name: 'touchstart' | 'touchmove' | 'touchend',
    then: (fingers: readonly Finger[], atMs: number) => void,
  ) => {
    surface.addEventListener(
      name,
      (event) => {
        // No mouse is made of it, and the soft keyboard keeps the focus.
        event.preventDefault();
        then([...event.targetTouches].map(fingerOf), event.timeStamp);
      },
      { signal, passive: false },
    );
  };
  listen('touchstart', (fingers, atMs) => {
    touchSeen.value = true;
    touchIsLast.value = true;
    barShown.value = false;
    if (document.activeElement?.id !== 'soft-keyboard') surface.focus({ preventScroll: true });
    gestures.down(fingers, atMs);
  });
  listen('touchmove', (fingers, atMs) => gestures.move(fingers, atMs));
  listen('touchend', (fingers, atMs) => gestures.up(fingers, atMs));
  surface.addEventListener('touchcancel', () => gestures.cancel(), { signal });
  return () => {
    gestures.cancel();
    listening.abort();
  };
}

const fingerOf = ({ identifier, clientX, clientY }: Touch): Finger => ({
  id: identifier,
  x: clientX,
  y: clientY,
});

/** Where the picture is drawn on the page. */
function fittedBox(element: HTMLElement) {
  const { width, height } = pictureSize.peek();
  return fitted(element.getBoundingClientRect(), width, height);
}

const within = (share: number) => Math.min(1, Math.max(0, share));

function shareOf(box: ReturnType<typeof fittedBox>, { x, y }: Point): Point {
  return {
    x: within((x - box.left) / (box.width || 1)),
    y: within((y - box.top) / (box.height || 1)),
  };
}

/** What was moved by less than a px, for a relative mouse. */
let rest: Point = { x: 0, y: 0 };

function moveBy(x: number, y: number): void {
  if (!absoluteMouse.peek()) {
    const whole = { x: Math.trunc(rest.x + x), y: Math.trunc(rest.y + y) };
    rest = { x: rest.x + x - whole.x, y: rest.y + y - whole.y };
    mouse.moveBy(whole.x, whole.y);
    return;
  }
  const stage = stageNow();
  const isFit = scale.peek() === 'fit';
  const box = isFit ? pictureBox(view.peek(), stage) : { left: 0, top: 0, ...stage.picture };
  const at = {
    x: within(pointerAt.peek().x + x / (box.width || 1)),
    y: within(pointerAt.peek().y + y / (box.height || 1)),
  };
  pointerAt.value = at;
  mouse.moveTo(toPosition({ left: 0, top: 0, width: 1, height: 1 }, at.x, at.y));
  if (!isFit) return;
  const point = { x: box.left + at.x * box.width, y: box.top + at.y * box.height };
  setView(following(view.peek(), point, MARGIN_PX, stage));
}

/** Fingers that pinch a picture in its own size go on from there. */
function leaveActualSize(surface: HTMLElement): void {
  const stage = stageNow();
  const whole = pictureBox(WHOLE, stage);
  const [x, y] = [surface.scrollLeft, surface.scrollTop];
  scale.value = 'fit';
  const zoom = stage.picture.width / (whole.width || 1);
  setView({ zoom: 1, x: 0, y: 0 });
  zoomView(zoom, { x: 0, y: 0 });
  const grown = pictureBox(view.peek(), stage);
  panView(-x - grown.left, -y - grown.top);
}

const step = (steps: number) => Math.min(127, Math.max(-127, steps));
