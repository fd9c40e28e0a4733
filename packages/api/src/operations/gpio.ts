import { z } from 'zod';
import { json, operation, required, withDefault } from '../contract.ts';
import { boolOr, requiredBool } from '../params.ts';
import { gpioState } from '../states/gpio.ts';
import * as valid from '../validators.ts';

const nothing = z.object({});

/** Names of channels: a letter or _, then letters, digits and `_ . -`, at most 255 in all. */
export const gpioChannel = valid.text('GPIO channel', /^[a-zA-Z_][\w.-]{0,254}$/);
/** How long a pulse is, s; 0 = as the channel has it. */
export const pulseDelay = valid.float({ min: 0 });

const channel = required(gpioChannel, z.string(), 'Name of an output channel');
const wait = boolOr(false, 'Answer only when the channel is free again');

export const state = operation({
  method: 'GET',
  path: '/gpio',
  summary: 'The scheme, view and state of the user GPIO lines',
  permission: 'view',
  answer: json(gpioState),
});

export const setSwitch = operation({
  method: 'POST',
  path: '/gpio/switch',
  summary: 'Switches an output channel on or off',
  permission: 'gpio',
  params: { channel, state: requiredBool('1 = on, 0 = off'), wait },
  answer: json(nothing),
  errors: [
    'GpioChannelNotFoundError',
    'GpioSwitchNotSupported',
    'GpioChannelIsBusyError',
    'GpioDriverOfflineError',
  ],
});

export const pulse = operation({
  method: 'POST',
  path: '/gpio/pulse',
  summary: 'Switches an output channel on for a time; the time is moved into its limits',
  permission: 'gpio',
  params: {
    channel,
    delay: withDefault(pulseDelay, 0, z.number().min(0), 's; 0 = as the channel has it'),
    wait,
  },
  answer: json(nothing),
  errors: [
    'GpioChannelNotFoundError',
    'GpioPulseNotSupported',
    'GpioChannelIsBusyError',
    'GpioDriverOfflineError',
  ],
});
