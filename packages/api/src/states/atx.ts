import { z } from 'zod';

/** The ATX part as the wire has it: GET /atx and the `atx` event. */
export const atxState = z.object({
  enabled: z.boolean(),
  busy: z.boolean(),
  /** Which region is busy: the power button or the reset button. */
  acts: z.object({ power: z.boolean(), reset: z.boolean() }),
  leds: z.object({ power: z.boolean(), hdd: z.boolean() }),
});
export type AtxState = z.infer<typeof atxState>;
