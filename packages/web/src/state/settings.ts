import type { KeyName } from '@crashcart/api';
import { effect, type Signal, signal } from '@preact/signals';

/** Light or dark, or as the system says. */
export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** Keys that can be the host key, with the words for them. */
export const HOST_KEYS = {
  ControlRight: 'Right Ctrl',
  AltRight: 'Right Alt',
  ShiftRight: 'Right Shift',
  MetaRight: 'Right Win',
  ScrollLock: 'Scroll Lock',
  Pause: 'Pause',
} as const satisfies Partial<Record<KeyName, string>>;
export type HostKey = keyof typeof HOST_KEYS;

/** How long a session may last, in s; 0 = as long as the server allows. */
export const SESSION_LENGTHS = ['3600', '43200', '0'] as const;
export type SessionLength = (typeof SESSION_LENGTHS)[number];

/** A signal that this browser remembers; a value that is not in `allowed` is forgotten. */
function remembered<T extends string>(name: string, allowed: readonly T[], first: T): Signal<T> {
  const key = `crashcart.${name}`;
  const stored = read(key);
  const cell = signal<T>(allowed.find((value) => value === stored) ?? first);
  effect(() => write(key, cell.value));
  return cell;
}

// A browser may refuse storage (private windows, policy); settings then last as long as the page.
function read(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Nothing to do: see read().
  }
}

/** Colours of the page. */
export const theme = remembered<Theme>('theme', THEMES, 'system');
/** The picture scaled to the window, or one picture pixel per CSS pixel. */
export const scale = remembered<'fit' | 'actual'>('scale', ['fit', 'actual'], 'fit');
/** The key that gives the keyboard back. */
export const hostKey = remembered<HostKey>(
  'hostKey',
  Object.keys(HOST_KEYS) as HostKey[],
  'ControlRight',
);
/** The session length chosen at the last login. */
export const sessionLength = remembered<SessionLength>('sessionLength', SESSION_LENGTHS, '0');
