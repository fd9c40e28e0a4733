import { z } from 'zod';

/** Lengths of presses that a port may have, s; 0 stands for the default. */
export const SWITCH_DELAY_LIMITS = { min: 0, max: 10 } as const;

const clickDelay = z.object({ default: z.number(), min: z.number(), max: z.number() });

const byte = z.int().min(0).max(255);

/** A light of the Switch. */
export const switchColor = z.object({
  red: byte,
  green: byte,
  blue: byte,
  brightness: byte,
  /** 0 does not blink. */
  blink_ms: z.int().min(0).max(0xffff),
});
export type SwitchColor = z.infer<typeof switchColor>;

/** What a light can tell, in the order in which the Switch counts. */
export const SWITCH_COLOR_ROLES = [
  'inactive',
  'active',
  'flashing',
  'beacon',
  'bootloader',
] as const;
export type SwitchColorRole = (typeof SWITCH_COLOR_ROLES)[number];

/** What an EDID says of the display that it describes. */
export const switchEdidInfo = z.object({
  mfc_id: z.string(),
  product_id: z.int(),
  serial: z.int(),
  monitor_name: z.string().nullable(),
  monitor_serial: z.string().nullable(),
  audio: z.boolean(),
});
export type SwitchEdidInfo = z.infer<typeof switchEdidInfo>;

const edid = z.object({
  name: z.string(),
  /** Upper-case hexadecimal; empty for the default one when there is none. */
  data: z.string(),
  parsed: switchEdidInfo.nullable(),
});

const unit = z.object({ firmware: z.object({ version: z.int(), devbuild: z.boolean() }) });

const port = z.object({
  /** From 0. */
  unit: z.int(),
  /** From 0 within its unit. */
  channel: z.int(),
  /** For people: `UNIT.PORT` counted from 1; with one unit just the port. */
  id: z.string(),
  name: z.string(),
  atx: z.object({
    click_delays: z.object({ power: z.number(), power_long: z.number(), reset: z.number() }),
  }),
  video: z.object({ dummy: z.boolean() }),
});

/** The PiKVM Switch as the wire has it: GET /switch and the `switch` event. Delays in s. */
export const switchState = z.object({
  model: z.object({
    firmware: z.object({ version: z.int() }),
    units: z.array(unit).readonly(),
    ports: z.array(port).readonly(),
    limits: z.object({
      atx: z.object({
        click_delays: z.object({ power: clickDelay, power_long: clickDelay, reset: clickDelay }),
      }),
    }),
  }),
  summary: z.object({ active_port: z.int(), active_id: z.string(), synced: z.boolean() }),
  edids: z.object({ all: z.record(z.string(), edid), used: z.array(z.string()).readonly() }),
  colors: z.object({
    inactive: switchColor,
    active: switchColor,
    flashing: switchColor,
    beacon: switchColor,
    bootloader: switchColor,
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
