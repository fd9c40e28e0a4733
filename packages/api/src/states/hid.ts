import { z } from 'zod';

const outputs = z.object({
  available: z.array(z.string()).readonly(),
  active: z.string(),
});

/** The HID part as the wire has it: GET /hid and the `hid` event. */
export const hidState = z.object({
  enabled: z.boolean(),
  online: z.boolean(),
  busy: z.boolean(),
  /** Whether the device is plugged in to the machine; null where it cannot be unplugged. */
  connected: z.boolean().nullable(),
  keyboard: z.object({
    online: z.boolean(),
    leds: z.object({ caps: z.boolean(), scroll: z.boolean(), num: z.boolean() }),
    outputs,
  }),
  mouse: z.object({ outputs, online: z.boolean(), absolute: z.boolean() }),
  /** `interval` in s. */
  jiggler: z.object({ enabled: z.boolean(), active: z.boolean(), interval: z.int() }),
});
export type HidState = z.infer<typeof hidState>;

/** The layouts for typing text: GET /hid/keymaps and the `hid_keymaps` event. */
export const hidKeymapsState = z.object({
  keymaps: z.object({ default: z.string(), available: z.array(z.string()).readonly() }),
});
export type HidKeymapsState = z.infer<typeof hidKeymapsState>;
