import { z } from 'zod';
import { json, operation, optional, withDefault } from '../contract.ts';
import { KEY_NAMES, MOUSE_BUTTONS } from '../keys.ts';
import {
  boolOr,
  intOr,
  optionalBool,
  optionalOneOf,
  requiredBool,
  requiredClamped,
  requiredOneOf,
} from '../params.ts';
import { hidKeymapCharacters, hidKeymapsState, hidState } from '../states/hid.ts';
import * as valid from '../validators.ts';

const nothing = z.object({});

/** Outputs that a keyboard can have. */
export const KEYBOARD_OUTPUTS = ['usb', 'ps2', 'disabled'] as const;
/** Outputs that a mouse can have. */
export const MOUSE_OUTPUTS = ['usb', 'usb_win98', 'usb_rel', 'ps2', 'disabled'] as const;

/** A key by name; names are case-sensitive. */
export const key = valid.oneOf('Keyboard key', KEY_NAMES, { exact: true });
/** An absolute coordinate, clamped: -32768 is left or top, 32767 right or bottom. */
export const mouseMove = valid.clampedInt('Mouse move', -32768, 32767);
/** A relative step or a wheel step, clamped to -127..127. */
export const mouseDelta = valid.clampedInt('Mouse delta', -127, 127);

export const state = operation({
  method: 'GET',
  path: '/hid',
  summary: 'The state of keyboard and mouse',
  permission: 'view',
  answer: json(hidState),
});

export const setParams = operation({
  method: 'POST',
  path: '/hid/set_params',
  summary: 'Chooses outputs and switches the jiggler; what the device lacks is ignored',
  permission: 'input',
  params: {
    keyboard_output: optionalOneOf('Keyboard output', KEYBOARD_OUTPUTS, 'Output of the keyboard'),
    mouse_output: optionalOneOf('Mouse output', MOUSE_OUTPUTS, 'Output of the mouse'),
    jiggler: optionalBool('Move the pointer a little when nobody does'),
  },
  answer: json(nothing),
});

export const setConnected = operation({
  method: 'POST',
  path: '/hid/set_connected',
  summary: 'Plugs keyboard and mouse in or out, where the device can',
  permission: 'input',
  params: { connected: requiredBool('Plugged in') },
  answer: json(nothing),
});

export const reset = operation({
  method: 'POST',
  path: '/hid/reset',
  summary: 'Releases everything and starts the device anew',
  permission: 'input',
  answer: json(nothing),
});

export const inactivity = operation({
  method: 'GET',
  path: '/hid/inactivity',
  summary: 'Seconds since somebody used keyboard or mouse; -1 = never',
  permission: 'view',
  answer: json(z.object({ inactivity: z.int() })),
});

export const keymaps = operation({
  method: 'GET',
  path: '/hid/keymaps',
  summary: 'The layouts that text can be typed in',
  permission: 'view',
  answer: json(hidKeymapsState),
});

const keymap = optional(
  valid.text('keymap', /./, { filled: true }),
  z.string(),
  'A layout of /hid/keymaps; the default one when absent',
);

export const keymapCharacters = operation({
  method: 'GET',
  path: '/hid/keymaps/characters',
  summary: 'The characters that a layout can type',
  permission: 'view',
  params: { keymap },
  answer: json(hidKeymapCharacters),
});

export const print = operation({
  method: 'POST',
  path: '/hid/print',
  summary: 'Types the text of the body; answers when it is typed, stops when the client goes',
  permission: 'input',
  body: 'text',
  params: {
    limit: intOr(1024, { min: 0 }, 'Characters at most; 0 = all'),
    keymap,
    slow: boolOr(false, 'A pause of 20 ms between the keys'),
    delay: withDefault(
      valid.float({ name: 'keys delay', min: 0, max: 5 }),
      0,
      z.number().min(0).max(5),
      'Seconds between the keys',
    ),
  },
  answer: json(nothing),
  errors: ['HidDisabledError', 'HidIsBusyError', 'UnavailableError'],
});

export const sendKey = operation({
  method: 'POST',
  path: '/hid/events/send_key',
  summary: 'Presses, releases or clicks a key',
  permission: 'input',
  params: {
    key: requiredOneOf('Keyboard key', KEY_NAMES, 'KeyboardEvent.code', { exact: true }),
    state: optionalBool('1 presses, 0 releases; absent clicks (modifiers are only pressed)'),
    finish: optionalBool('Release at once after a press, except modifiers', { onlyWith: 'state' }),
  },
  answer: json(nothing),
});

export const sendShortcut = operation({
  method: 'POST',
  path: '/hid/events/send_shortcut',
  summary: 'Presses keys in order and releases them in reverse',
  permission: 'input',
  params: {
    keys: withDefault(valid.list(key), [], z.array(z.enum(KEY_NAMES)).readonly(), 'Keys, by comma'),
    wait: intOr(0, { min: 0, max: 5000 }, 'ms between the events'),
  },
  answer: json(nothing),
});

export const sendMouseButton = operation({
  method: 'POST',
  path: '/hid/events/send_mouse_button',
  summary: 'Presses, releases or clicks a mouse button',
  permission: 'input',
  params: {
    button: requiredOneOf('Mouse button', MOUSE_BUTTONS, 'Button'),
    state: optionalBool('1 presses, 0 releases; absent clicks'),
  },
  answer: json(nothing),
});

export const sendMouseMove = operation({
  method: 'POST',
  path: '/hid/events/send_mouse_move',
  summary: 'Moves the pointer to a place; ignored in relative mode',
  permission: 'input',
  params: {
    to_x: requiredClamped('Mouse move', -32768, 32767, 'Left to right'),
    to_y: requiredClamped('Mouse move', -32768, 32767, 'Top to bottom'),
  },
  answer: json(nothing),
});

const deltas = (y: string) => ({
  delta_x: requiredClamped('Mouse delta', -127, 127, 'To the right'),
  delta_y: requiredClamped('Mouse delta', -127, 127, y),
});

export const sendMouseRelative = operation({
  method: 'POST',
  path: '/hid/events/send_mouse_relative',
  summary: 'Moves the pointer by a step; ignored in absolute mode',
  permission: 'input',
  params: deltas('Down'),
  answer: json(nothing),
});

export const sendMouseWheel = operation({
  method: 'POST',
  path: '/hid/events/send_mouse_wheel',
  summary: 'Turns the wheels',
  permission: 'input',
  params: deltas('Up, away from the user'),
  answer: json(nothing),
});
