import { z } from 'zod';
import { json, operation, optional, required } from '../contract.ts';
import { ValidatorError } from '../errors.ts';
import { boolOr, optionalBool, requiredBool, requiredOneOf } from '../params.ts';
import {
  SWITCH_DELAY_LIMITS,
  type SwitchColor,
  type SwitchColorRole,
  switchState,
} from '../states/switch.ts';
import * as valid from '../validators.ts';
import { ATX_BUTTONS, ATX_POWER_ACTIONS } from './atx.ts';

const nothing = z.object({});

/** The id of the EDID that ports have unless told otherwise. */
export const DEFAULT_EDID_ID = 'default';

/** Longest name of a port or an EDID, characters. */
const NAME_LENGTH = 255;
// What no name may hold: all that is no printable character.
const UNPRINTABLE = /(?! )[\p{C}\p{Z}]/gu;
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;
const COLOR = /^([\da-f]{2})([\da-f]{2})([\da-f]{2}):([\da-f]{2}):([\da-f]{4})$/;
const EDID_DATA = /^([\dA-F]{256}|[\dA-F]{512})$/;

function invalid(name: string, text: string): ValidatorError {
  return new ValidatorError(`The argument '${text}' is not a valid ${name}`);
}

/** Unprintable characters become blanks; what is too long is cut off, as in PiKVM. */
function printable(text: string): string {
  return Array.from(text.replace(UNPRINTABLE, ' ')).slice(0, NAME_LENGTH).join('').trim();
}

const portNameText = valid.text('switch port name', /^/);
const edidNameText = valid.text('switch EDID name', /^/, { filled: true });
const edidIdText = valid.text('switch EDID ID', /^/, { filled: true });
const edidDataText = valid.text('switch EDID data', /^/);
const colorText = valid.text('switch color', /^/, { filled: true });

const portName: valid.Validator<string> = (raw) => printable(portNameText(raw));

const edidName: valid.Validator<string> = (raw) => {
  const text = edidNameText(raw);
  const name = printable(text);
  if (name === '') throw invalid('switch EDID name', text);
  return name;
};

function edidId({ allowDefault }: { readonly allowDefault: boolean }): valid.Validator<string> {
  return (raw) => {
    const id = edidIdText(raw).toLowerCase();
    if (!UUID.test(id) && !(allowDefault && id === DEFAULT_EDID_ID)) {
      throw invalid('switch EDID ID', id);
    }
    return id;
  };
}

/** Upper-case hexadecimal of 128 or 256 bytes; blanks and line ends between digits are dropped. */
const edidData: valid.Validator<string> = (raw) => {
  const text = edidDataText(raw);
  const data = text.replaceAll(/\s/g, '').toUpperCase();
  if (!EDID_DATA.test(data)) throw invalid('switch EDID data', text);
  return data;
};

/** `RRGGBB:BRIGHTNESS:BLINK_MS` in hexadecimal, or `default`. */
const color: valid.Validator<string> = (raw) => {
  const text = colorText(raw).toLowerCase();
  if (text !== 'default' && !COLOR.test(text)) throw invalid('switch color', text);
  return text;
};

/** The colour that a valid text of an operation means; undefined for `default`. */
export function parseSwitchColor(text: string): SwitchColor | undefined {
  const found = COLOR.exec(text.toLowerCase());
  if (!found) return undefined;
  const [red = 0, green = 0, blue = 0, brightness = 0, blink_ms = 0] = found
    .slice(1)
    .map((part) => Number.parseInt(part, 16));
  return { red, green, blue, brightness, blink_ms };
}

/** The text of a colour; `default` for undefined. */
export function formatSwitchColor(color: SwitchColor | undefined): string {
  if (!color) return 'default';
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  const { red, green, blue, brightness, blink_ms } = color;
  const rgb = [red, green, blue].map((value) => hex(value, 2)).join('');
  return `${rgb}:${hex(brightness, 2)}:${hex(blink_ms, 4)}`.toUpperCase();
}

const PORT =
  'Counted from 0, or UNIT.PORT counted from 1 (2.1 is the first port of the second unit)';
const port = required(valid.float({ min: 0 }), z.number().min(0), PORT);
const unit = required(valid.int({ min: 0 }), z.int().min(0), 'Unit, counted from 0');
const optionalUnit = (description: string) =>
  optional(valid.int({ min: 0 }), z.int().min(0), description);
const delay = (what: string) =>
  optional(
    valid.float({ name: 'ATX delay', ...SWITCH_DELAY_LIMITS }),
    z.number().min(SWITCH_DELAY_LIMITS.min).max(SWITCH_DELAY_LIMITS.max),
    `Length of ${what}, s; 0 for the default`,
  );
const colorParam = (what: string) =>
  optional(
    color,
    z.string(),
    `Colour of ${what}: RRGGBB:BRIGHTNESS:BLINK in hexadecimal (blink in ms), or default`,
  );
const knownEdidId = required(edidId({ allowDefault: false }), z.string(), 'Id of the EDID');

export const state = operation({
  method: 'GET',
  path: '/switch',
  summary: 'The state of the attached PiKVM Switch units',
  permission: 'view',
  answer: json(switchState),
});

export const setActivePrev = operation({
  method: 'POST',
  path: '/switch/set_active_prev',
  summary: 'Selects the port before the active one, if there is one',
  permission: 'gpio',
  answer: json(nothing),
});

export const setActiveNext = operation({
  method: 'POST',
  path: '/switch/set_active_next',
  summary: 'Selects the port after the active one, if there is one',
  permission: 'gpio',
  answer: json(nothing),
});

export const setActive = operation({
  method: 'POST',
  path: '/switch/set_active',
  summary: 'Selects a port; one that is not there is ignored',
  permission: 'gpio',
  params: { port },
  answer: json(nothing),
});

export const setBeacon = operation({
  method: 'POST',
  path: '/switch/set_beacon',
  summary: 'Lights or darkens one beacon: of a port, else of an uplink, else of a downlink',
  permission: 'gpio',
  params: {
    state: requiredBool('Lit or dark'),
    port: optional(valid.float({ min: 0 }), z.number().min(0), PORT),
    uplink: optionalUnit('Unit, counted from 0'),
    downlink: optionalUnit('Unit, counted from 0'),
  },
  answer: json(nothing),
});

export const setPortParams = operation({
  method: 'POST',
  path: '/switch/set_port_params',
  summary: 'Changes what is kept of a port',
  permission: 'system',
  params: {
    port,
    edid_id: optional(edidId({ allowDefault: true }), z.string(), 'Id of its EDID, or default'),
    dummy: optionalBool('Pretend a display while the port is not the active one'),
    name: optional(portName, z.string(), 'Its name; empty for none'),
    atx_click_power_delay: delay('a short press of power'),
    atx_click_power_long_delay: delay('a long press of power'),
    atx_click_reset_delay: delay('a press of reset'),
  },
  answer: json(nothing),
  errors: ['SwitchUnknownEdidError'],
});

export const setColors = operation({
  method: 'POST',
  path: '/switch/set_colors',
  summary: 'Changes the colours of the lights',
  permission: 'system',
  params: {
    inactive: colorParam('a port that is not active'),
    active: colorParam('the active port'),
    flashing: colorParam('a port whose downlink is updated'),
    beacon: colorParam('a beacon'),
    bootloader: colorParam('the boot loader'),
  } satisfies Record<SwitchColorRole, unknown>,
  answer: json(nothing),
});

export const reset = operation({
  method: 'POST',
  path: '/switch/reset',
  summary: 'Starts a unit anew',
  permission: 'system',
  params: { unit, bootloader: boolOr(false, 'Into its boot loader, to update its firmware') },
  answer: json(nothing),
});

export const createEdid = operation({
  method: 'POST',
  path: '/switch/edids/create',
  summary: 'Adds an EDID to the collection',
  permission: 'system',
  params: {
    name: required(edidName, z.string(), 'Its name'),
    data: required(edidData, z.string(), '128 or 256 bytes in hexadecimal'),
  },
  answer: json(z.object({ id: z.string() })),
});

export const changeEdid = operation({
  method: 'POST',
  path: '/switch/edids/change',
  summary: 'Changes an EDID of the collection, also on the ports that have it',
  permission: 'system',
  params: {
    id: knownEdidId,
    name: optional(edidName, z.string(), 'Its name'),
    data: optional(edidData, z.string(), '128 or 256 bytes in hexadecimal'),
  },
  answer: json(nothing),
  errors: ['SwitchUnknownEdidError'],
});

export const removeEdid = operation({
  method: 'POST',
  path: '/switch/edids/remove',
  summary: 'Removes an EDID from the collection; its ports get the default one',
  permission: 'system',
  params: { id: knownEdidId },
  answer: json(nothing),
  errors: ['SwitchUnknownEdidError'],
});

export const atxPower = operation({
  method: 'POST',
  path: '/switch/atx/power',
  summary: 'Brings the machine of a port to a power state; nothing happens when it has it already',
  permission: 'power',
  params: { port, action: requiredOneOf('ATX power action', ATX_POWER_ACTIONS, 'What to do') },
  answer: json(nothing),
});

export const atxClick = operation({
  method: 'POST',
  path: '/switch/atx/click',
  summary: 'Presses a button of the machine of a port for its time',
  permission: 'power',
  params: { port, button: requiredOneOf('ATX button', ATX_BUTTONS, 'Button') },
  answer: json(nothing),
});
