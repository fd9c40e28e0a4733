import { buttonFrame, type KeyName, keyFrame, moveFrame, relativeFrame } from '@crashcart/api';
import { effect, signal } from '@preact/signals';
import { isMac, isWindows, Keyboard } from '../screen/keyboard.ts';
import { Mouse } from '../screen/mouse.ts';
import { link, send } from './connection.ts';
import { absoluteMouse } from './machine.ts';
import { hostKey } from './settings.ts';

/** Whether keys go to the machine. */
export const captured = signal(false);
/** Whether the browser's pointer is locked into the screen (relative mouse). */
export const pointerLocked = signal(false);
/** Whether something was released for the user a moment ago. */
export const keysReleased = signal(false);

/** How long the page tells that keys were released, in ms. */
const TOLD_MS = 4_000;

/** The mouse of this page. */
export const mouse = new Mouse({
  move: ({ x, y }) => send(moveFrame(x, y)),
  moveBy: (deltas) => send(relativeFrame(deltas, true)),
  button: (button, state) => send(buttonFrame(button, state)),
  later: (ms, then) => {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
});

/** The keyboard of this page. */
export const keyboard = new Keyboard(
  {
    send: (key, state) => send(keyFrame(key, state)),
    giveBack: () => endCapture(),
    ctrlAltDel: () => sendCtrlAltDel(),
  },
  () => ({
    hostKey: hostKey.peek(),
    mac: isMac(navigator.platform),
    windows: isWindows(navigator.platform),
  }),
);

/** From now on keys go to the machine. */
export function startCapture(): void {
  if (link.peek().kind !== 'open') return;
  keysReleased.value = false;
  captured.value = true;
}

/** Keys stay on the page again; what is down is released, and that is told. */
export function endCapture(): void {
  releaseInput();
  captured.value = false;
  if (document.pointerLockElement !== null) document.exitPointerLock();
}

/** Releases all keys and buttons that are down. */
export function releaseInput(): void {
  const keys = keyboard.releaseAll();
  const buttons = mouse.releaseAll();
  mouse.stop();
  if (keys || buttons) tellReleased();
}

/** Presses Ctrl, Alt and Delete and releases them. */
export function sendCtrlAltDel(): void {
  const keys: readonly KeyName[] = ['ControlLeft', 'AltLeft', 'Delete'];
  for (const key of keys) send(keyFrame(key, true));
  for (const key of [...keys].reverse()) send(keyFrame(key, false));
}

let told: ReturnType<typeof setTimeout> | undefined;

function tellReleased(): void {
  keysReleased.value = true;
  clearTimeout(told);
  told = setTimeout(() => {
    // While the connection is away the sentence stays; it is cleared when it is back.
    if (link.peek().kind !== 'lost') keysReleased.value = false;
  }, TOLD_MS);
}

effect(() => {
  if (link.value.kind === 'lost') endCapture();
  else if (link.value.kind === 'open') keysReleased.value = false;
});

// A mouse that changes its kind leaves the lock of the other one.
effect(() => {
  if (absoluteMouse.value && typeof document !== 'undefined' && document.pointerLockElement) {
    document.exitPointerLock();
  }
});
