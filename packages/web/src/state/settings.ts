import type { KeyName } from '@crashcart/api';
import { PATH_CHOICES, type PathChoice } from '../screen/paths.ts';
import { remembered, rememberedAs, rememberedNumber, rememberedSwitch } from './remembered.ts';

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

/** Colours of the page. */
export const theme = remembered<Theme>('theme', THEMES, 'system');
/** The picture scaled to the window, or one picture pixel per CSS pixel. */
export const scale = remembered<'fit' | 'actual'>('scale', ['fit', 'actual'], 'fit');
/** How the picture comes: the best way that there is, or the one that a person wants. */
export const videoPath = remembered<PathChoice>('videoPath', PATH_CHOICES, 'automatic');
/** Whether the figures of the picture are shown over the screen. */
export const figuresShown = rememberedSwitch('figuresShown', false);
/** The key that gives the keyboard back. */
export const hostKey = remembered<HostKey>(
  'hostKey',
  Object.keys(HOST_KEYS) as HostKey[],
  'ControlRight',
);
/** The session length chosen at the last login. */
export const sessionLength = remembered<SessionLength>('sessionLength', SESSION_LENGTHS, '0');

/** Left Ctrl and Caps Lock change places. */
export const swapCtrlCaps = rememberedSwitch('swapCtrlCaps', false);
/** The wheel turns the other way up and down. */
export const reverseWheel = rememberedSwitch('reverseWheel', false);
/** The wheel turns the other way left and right. */
export const reverseWheelSideways = rememberedSwitch('reverseWheelSideways', false);
/** Steps that the machine's wheel turns for one notch. */
export const WHEEL_RATE = { first: 1, min: 1, max: 10 } as const;
export const wheelRate = rememberedNumber('wheelRate', WHEEL_RATE);
/** How far a relative mouse moves for one px of the hand's. */
export const SENSITIVITY = { first: 1, min: 0.2, max: 3 } as const;
export const sensitivity = rememberedNumber('sensitivity', SENSITIVITY);
/** Shortest time between two moves of the mouse, in ms. */
export const MOVE_EVERY = { first: 10, min: 10, max: 100 } as const;
export const moveEveryMs = rememberedNumber('moveEveryMs', MOVE_EVERY);
/** Small moves of a relative mouse may be joined on their way. */
export const squashMoves = rememberedSwitch('squashMoves', true);
/** What the pointer looks like over the captured screen. */
export const POINTERS = ['dot', 'cross', 'none'] as const;
export const pointer = remembered<(typeof POINTERS)[number]>('pointer', POINTERS, 'dot');
/** Whether the browser asks before the page is closed, also when nothing goes on. */
export const askClose = rememberedSwitch('askClose', false);

/** The layout for typing text; undefined = the server's default. */
export const textLayout = rememberedAs<string | undefined>('textLayout', undefined, {
  write: (name) => name ?? '',
  read: (stored) => stored || undefined,
});
/** Pause between typed characters, in ms. */
export const TEXT_DELAY = { first: 0, min: 0, max: 200 } as const;
export const textDelayMs = rememberedNumber('textDelayMs', TEXT_DELAY);
/** Typing waits longer around modifiers, for slow machines. */
export const textSlow = rememberedSwitch('textSlow', false);
/** The text is not readable on this page. */
export const textHidden = rememberedSwitch('textHidden', false);
