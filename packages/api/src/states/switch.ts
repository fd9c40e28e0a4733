import { z } from 'zod';

const clickDelay = z.object({ default: z.number(), min: z.number(), max: z.number() });

const color = z.object({
  red: z.int(),
  green: z.int(),
  blue: z.int(),
  brightness: z.int(),
  blink_ms: z.int(),
});

const edid = z.object({
  name: z.string(),
  /** Upper-case hexadecimal. */
  data: z.string(),
  parsed: z
    .object({
      mfc_id: z.string(),
      product_id: z.int(),
      serial: z.int(),
      monitor_name: z.string().nullable(),
      monitor_serial: z.string().nullable(),
      audio: z.boolean(),
    })
    .nullable(),
});

/** The PiKVM Switch as the wire has it: GET /switch and the `switch` event. Delays in s. */
export const switchState = z.object({
  model: z.object({
    firmware: z.object({ version: z.int() }),
    units: z.array(z.unknown()).readonly(),
    ports: z.array(z.unknown()).readonly(),
    limits: z.object({
      atx: z.object({
        click_delays: z.object({ power: clickDelay, power_long: clickDelay, reset: clickDelay }),
      }),
    }),
  }),
  summary: z.object({ active_port: z.int(), active_id: z.string(), synced: z.boolean() }),
  edids: z.object({ all: z.record(z.string(), edid), used: z.array(z.string()).readonly() }),
  colors: z.object({
    inactive: color,
    active: color,
    flashing: color,
    beacon: color,
    bootloader: color,
  }),
  video: z.object({ links: z.array(z.boolean()).readonly() }),
  usb: z.object({ links: z.array(z.boolean()).readonly() }),
  beacons: z.object({
    uplinks: z.array(z.boolean()).readonly(),
    downlinks: z.array(z.boolean()).readonly(),
    ports: z.array(z.boolean()).readonly(),
  }),
  atx: z.object({
    busy: z.array(z.boolean()).readonly(),
    leds: z.object({
      power: z.array(z.boolean()).readonly(),
      hdd: z.array(z.boolean()).readonly(),
    }),
  }),
});
export type SwitchState = z.infer<typeof switchState>;
