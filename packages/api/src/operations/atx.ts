import { z } from 'zod';
import { json, operation } from '../contract.ts';
import { boolOr, requiredOneOf } from '../params.ts';
import { atxState } from '../states/atx.ts';

const nothing = z.object({});

/** What `power` can ask for. */
export const ATX_POWER_ACTIONS = ['on', 'off', 'off_hard', 'reset_hard'] as const;
export type AtxPowerAction = (typeof ATX_POWER_ACTIONS)[number];
/** What `click` can press. */
export const ATX_BUTTONS = ['power', 'power_long', 'reset'] as const;
export type AtxButton = (typeof ATX_BUTTONS)[number];

export const state = operation({
  method: 'GET',
  path: '/atx',
  summary: 'The state of power and reset',
  permission: 'view',
  answer: json(atxState),
});

export const power = operation({
  method: 'POST',
  path: '/atx/power',
  summary: 'Brings the machine to a power state; nothing happens when it has it already',
  permission: 'power',
  params: {
    action: requiredOneOf('ATX power action', ATX_POWER_ACTIONS, 'What to do'),
    wait: boolOr(false, 'Answer only when the button is up again'),
  },
  answer: json(nothing),
  errors: ['AtxIsBusyError', 'AtxDisabledError'],
});

export const click = operation({
  method: 'POST',
  path: '/atx/click',
  summary: 'Presses a button for its time',
  permission: 'power',
  params: {
    button: requiredOneOf('ATX button', ATX_BUTTONS, 'Button'),
    wait: boolOr(false, 'Answer only when the button is up again'),
  },
  answer: json(nothing),
  errors: ['AtxIsBusyError', 'AtxDisabledError'],
});
