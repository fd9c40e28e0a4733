import { buttonFrame, type KeyName, keyFrame, moveFrame, relativeFrame } from '@crashcart/api';
import { effect, signal } from '@preact/signals';
import { HeldKeys } from '../keys/held-keys.ts';
import { link, send } from '../state/connection.ts';
import { absoluteMouse } from '../state/machine.ts';
import { hostKey, moveEveryMs, sensitivity, squashMoves, swapCtrlCaps } from '../state/settings.ts';
import { Keyboard, keyNaming } from './keyboard.ts';
import { Mouse } from './mouse.ts';

/** Whether keys go to the machine. */
export const captured = signal(false);
/** Whether the browser's pointer is locked into the screen (relative mouse). */
export const pointerLocked = signal(false);
/** Whether the browser refused to lock it the last time. */
export const lockRefused = signal(false);
/** Whether something was released for the user a moment ago. */
export const keysReleased = signal(false);

/** How long the page tells that keys were released, in ms. */
const TOLD_MS = 4_000;

/** The mouse of this page. */
export const mouse = new Mouse(
  {
    move: ({ x, y }) => send(moveFrame(x, y)),
    moveBy: (deltas) => send(relativeFrame(deltas, squashMoves.peek())),
    button: (button, state) => send(buttonFrame(button, state)),
    later: (ms, then) => {
      const timer = setTimeout(then, ms);
      return () => clearTimeout(timer);
    },
  },
  () => ({ everyMs: moveEveryMs.peek(), sensitivity: sensitivity.peek() }),
);

/** The keys that are down on the machine because of this page, for whoever draws them. */
export const keysDown = signal<readonly KeyName[]>([]);

/** All keys that this page holds down. */
export const heldKeys = new HeldKeys((key, state) => {
  send(keyFrame(key, state));
  keysDown.value = heldKeys.keys;
});

/** What the host key does together with another key. */
const hostActs = new Map<KeyName, () => void>([['Delete', sendCtrlAltDel]]);

/** Lets host key and `key` do something until the function that it returns is called. */
export function onHostKey(key: KeyName, act: () => void): () => void {
  hostActs.set(key, act);
  return () => {
    hostActs.delete(key);
  };
}

/** The keyboard of this page. */
export const keyboard = new Keyboard(
  {
    send: (key, state) => heldKeys.set('keyboard', key, state),
    giveBack: () => endCapture(),
    hostAct: (key) => hostActs.get(key)?.(),
  },
  () => ({ hostKey: hostKey.peek(), swapCtrlCaps: swapCtrlCaps.peek(), ...keyNaming() }),
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
  const others = [...releases].map((release) => release());
  if (keys || buttons || others.includes(true)) tellReleased();
}

const releases = new Set<() => boolean>();

/** Has `release` called when all input is released; it says whether something was down. */
export function onRelease(release: () => boolean): void {
  releases.add(release);
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
