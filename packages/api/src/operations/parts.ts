import { z } from 'zod';
import { json, operation } from '../contract.ts';
import { gpioState } from '../states/gpio.ts';
import { msdState } from '../states/msd.ts';
import { switchState } from '../states/switch.ts';

/** States of the parts that have no further operations yet. */
export const msd = operation({
  method: 'GET',
  path: '/msd',
  summary: 'The state of the virtual drive and its storage',
  permission: 'view',
  answer: json(msdState),
});

export const gpio = operation({
  method: 'GET',
  path: '/gpio',
  summary: 'The scheme, view and state of the user GPIO lines',
  permission: 'view',
  answer: json(gpioState),
});

export const switchUnits = operation({
  method: 'GET',
  path: '/switch',
  summary: 'The state of the attached PiKVM Switch units',
  permission: 'view',
  answer: json(switchState),
});

/** The formats of /media/ws; `tiles` is crashcart's own. */
export const mediaState = z.object({
  video: z.object({
    h264: z.object({ profile_level_id: z.string() }).optional(),
    jpeg: z.object({}).optional(),
    tiles: z.object({}).optional(),
  }),
});
export type MediaState = z.infer<typeof mediaState>;

export const media = operation({
  method: 'GET',
  path: '/media',
  summary: 'The video formats of /media/ws',
  permission: 'view',
  answer: json(z.object({ media: mediaState })),
});
