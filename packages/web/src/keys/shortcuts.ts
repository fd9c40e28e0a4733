import { KEY_NAMES, type KeyName } from '@crashcart/api';
import { signal } from '@preact/signals';
import { post, RefusedError, UnreachableError } from '../api.ts';
import { rememberedAs } from '../state/remembered.ts';
import { keysWords } from './key-words.ts';

/** Keys that are pressed in order and released in reverse. */
export interface Shortcut {
  /** Unique among all shortcuts. */
  readonly id: string;
  /** What it is for. */
  readonly name: string;
  readonly keys: readonly KeyName[];
}

const usual = (name: string, ...keys: KeyName[]): Shortcut => ({
  id: `usual.${keys.join('-')}`,
  name,
  keys,
});

/** The ones that everybody needs one day. */
export const USUAL_SHORTCUTS: readonly Shortcut[] = [
  usual('Log in or restart', 'ControlLeft', 'AltLeft', 'Delete'),
  usual('Next window', 'AltLeft', 'Tab'),
  usual('Close the window', 'AltLeft', 'F4'),
  usual('Start menu', 'MetaLeft'),
  usual('Lock', 'MetaLeft', 'KeyL'),
  usual('Run a command', 'MetaLeft', 'KeyR'),
  usual('Task manager', 'ControlLeft', 'ShiftLeft', 'Escape'),
  usual('Next layout', 'MetaLeft', 'Space'),
  usual('Next layout, older systems', 'AltLeft', 'ShiftLeft'),
  usual('Close the tab', 'ControlLeft', 'KeyW'),
  usual('Picture of the screen', 'PrintScreen'),
  usual('Capital letters', 'CapsLock'),
  usual('End the X server', 'ControlLeft', 'AltLeft', 'Backspace'),
];

/** Text consoles of Linux; the graphical one is 1, 2 or 7. */
export const CONSOLE_SHORTCUTS: readonly Shortcut[] = (
  ['F1', 'F2', 'F3', 'F4', 'F5', 'F6', 'F7'] as const
).map((key, index) => usual(`Console ${index + 1}`, 'ControlLeft', 'AltLeft', key));

/** Keys that open a firmware's setup or boot menu while the machine starts. */
export const BOOT_SHORTCUTS: readonly Shortcut[] = (
  ['Escape', 'Delete', 'F2', 'F8', 'F9', 'F10', 'F11', 'F12'] as const
).map((key) => usual('Firmware or boot menu', key));

/** A command to the Linux kernel. */
export interface SysRq extends Shortcut {
  /** Unsaved work may be lost. */
  readonly danger: boolean;
}

const sysRq = (key: KeyName, name: string, danger = false): SysRq => ({
  id: `sysrq.${key}`,
  name,
  keys: ['AltLeft', 'PrintScreen', key],
  danger,
});

/** What the Linux kernel does by Alt+SysRq, in the order of a careful restart first. */
export const SYSRQ_SHORTCUTS: readonly SysRq[] = [
  sysRq('KeyR', 'Take the keyboard from X'),
  sysRq('KeyE', 'Ask all programs to end', true),
  sysRq('KeyI', 'Kill all programs', true),
  sysRq('KeyS', 'Write the disks'),
  sysRq('KeyU', 'Mount read-only', true),
  sysRq('KeyB', 'Restart at once', true),
  sysRq('KeyF', 'Kill the largest program', true),
  sysRq('KeyM', 'Print the memory'),
  sysRq('KeyT', 'Print the tasks'),
  sysRq('KeyW', 'Print the blocked tasks'),
];

const NAMES: ReadonlySet<unknown> = new Set(KEY_NAMES);

/** The user's own, kept in this browser. */
export const ownShortcuts = rememberedAs<readonly Shortcut[]>('shortcuts', [], {
  write: JSON.stringify,
  read: readShortcuts,
});

/** What was kept; entries that are none are left out. */
export function readShortcuts(stored: string): readonly Shortcut[] | undefined {
  try {
    const list: unknown = JSON.parse(stored);
    return Array.isArray(list) ? list.filter(isShortcut) : undefined;
  } catch {
    return undefined;
  }
}

function isShortcut(value: unknown): value is Shortcut {
  if (typeof value !== 'object' || value === null) return false;
  const { id, name, keys } = value as Partial<Record<keyof Shortcut, unknown>>;
  if (typeof id !== 'string' || typeof name !== 'string') return false;
  return Array.isArray(keys) && keys.length > 0 && keys.every((key) => NAMES.has(key));
}

/** Adds the shortcut, or replaces the one with its id; without a name it is called by its keys. */
export function keepShortcut(shortcut: Shortcut): void {
  const named = { ...shortcut, name: shortcut.name.trim() || keysWords(shortcut.keys) };
  const others = ownShortcuts.peek();
  ownShortcuts.value = others.some(({ id }) => id === named.id)
    ? others.map((other) => (other.id === named.id ? named : other))
    : [...others, named];
}

/** Removes the shortcut; the function that it returns brings it back where it was. */
export function removeShortcut(id: string): () => void {
  const before = ownShortcuts.peek();
  const at = before.findIndex((each) => each.id === id);
  const removed = before[at];
  ownShortcuts.value = before.filter((each) => each.id !== id);
  return () => {
    if (removed !== undefined) ownShortcuts.value = ownShortcuts.peek().toSpliced(at, 0, removed);
  };
}

/** The id of a new shortcut. */
export const newShortcutId = () => `own.${Date.now().toString(36)}`;

/** Why the last shortcut was not sent, in words. */
export const shortcutFailure = signal<string | undefined>(undefined);

/** Between two events, in ms: firmware that asks its keyboard seldom misses none. */
const WAIT_MS = 20;

/** Presses the keys in order and releases them in reverse; a failure goes to `shortcutFailure`. */
export async function sendShortcut(keys: readonly KeyName[]): Promise<void> {
  shortcutFailure.value = undefined;
  try {
    const query = { keys: keys.join(','), wait: String(WAIT_MS) };
    await post('api/hid/events/send_shortcut', query);
  } catch (error) {
    shortcutFailure.value = `${keysWords(keys)} was not sent. ${reason(error)}`;
  }
}

function reason(error: unknown): string {
  if (error instanceof UnreachableError) return 'The server was not reached. Try again.';
  if (!(error instanceof RefusedError)) return 'Something unexpected happened. Try again.';
  if (error.status === 403) return 'You may not use the keyboard of this machine.';
  return `The server refused: ${error.message}`;
}
