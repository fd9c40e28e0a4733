import { switchColor } from '@crashcart/api';
import { z } from 'zod';
import {
  NO_SWITCH_SETTINGS,
  type SwitchSettings,
  type SwitchSettingsStore,
} from '../core/switch-settings.ts';
import { Document } from './document.ts';

const schema: z.ZodType<SwitchSettings> = z.object({
  edids: z.record(z.string(), z.object({ name: z.string(), data: z.string() })),
  ports: z.record(
    z.string(),
    z.object({
      name: z.string().optional(),
      edid: z.string().optional(),
      dummy: z.boolean().optional(),
      delays: z
        .object({
          power: z.number().optional(),
          power_long: z.number().optional(),
          reset: z.number().optional(),
        })
        .optional(),
    }),
  ),
  colors: z.object({
    inactive: switchColor.optional(),
    active: switchColor.optional(),
    flashing: switchColor.optional(),
    beacon: switchColor.optional(),
    bootloader: switchColor.optional(),
  }),
});

/** The settings of a Switch in a file of ours. Throws BrokenDocumentError. */
export async function openSwitchSettings(path: string): Promise<SwitchSettingsStore> {
  const document = await Document.open(path, schema, NO_SWITCH_SETTINGS);
  return {
    value: document.value,
    async save(settings) {
      await document.update(() => settings);
    },
  };
}
