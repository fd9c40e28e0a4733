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

/**
 * What a layout can type: GET /hid/keymaps/characters. Each text holds every character once, by
 * code point; what is in none of them (after NFC, without CR) is skipped.
 */
export const hidKeymapCharacters = z.object({
  keymap: z.string(),
  /** Typed exactly, with dead keys where needed; newline and tab are among them. */
  characters: z.string(),
  /** Typed as a look-alike of ASCII, because the layout lacks them: typographic quotes and so on. */
  replaced: z.string(),
  /**
   * ASCII that the layout lacks and that goes by its key on a US keyboard: right only while the
   * machine's layout is switched to Latin.
   */
  by_position: z.string(),
});
export type HidKeymapCharacters = z.infer<typeof hidKeymapCharacters>;

/** Text that is being typed: the `hid_print` event. */
export const hidPrintState = z.object({
  active: z.boolean(),
  /** Characters that are done; less than `total` at the end when the typing was cancelled. */
  written: z.int(),
  total: z.int(),
  /** Of the written ones, those that the layout cannot type. */
  skipped: z.int(),
  keymap: z.string(),
});
export type HidPrintState = z.infer<typeof hidPrintState>;
