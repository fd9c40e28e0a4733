import { z } from 'zod';

const flag = z.object({ now: z.boolean(), past: z.boolean() });

/** Health of the box that crashcart runs on; null where the box cannot tell. */
export const healthInfo = z.object({
  /** °C. */
  temp: z.object({ cpu: z.number().nullable() }),
  cpu: z.object({ percent: z.int().nullable() }),
  /** `total` and `available` in bytes. */
  mem: z.object({
    percent: z.number().nullable(),
    total: z.number().nullable(),
    available: z.number().nullable(),
  }),
  /** Raspberry Pi only. */
  throttling: z
    .object({
      raw_flags: z.int(),
      parsed_flags: z.object({ undervoltage: flag, freq_capped: flag, throttled: flag }),
      ignore_past: z.boolean(),
    })
    .nullable(),
});
export type HealthInfo = z.infer<typeof healthInfo>;

/** What the box is. */
export const platformInfo = z.object({
  type: z.string(),
  base: z.string().nullable(),
  serial: z.string().nullable(),
  model: z.string().nullable().optional(),
  video: z.string().nullable().optional(),
  board: z.string().nullable().optional(),
});
export type PlatformInfo = z.infer<typeof platformInfo>;

/** Versions: ours, the compatible PiKVM's, the streamer's and the kernel's. */
export const systemInfo = z.object({
  kvmd: z.object({ version: z.string() }),
  streamer: z.object({
    app: z.string(),
    version: z.string(),
    features: z.record(z.string(), z.boolean()),
  }),
  kernel: z.object({
    system: z.string(),
    release: z.string(),
    version: z.string(),
    machine: z.string(),
  }),
  platform: platformInfo.optional(),
  /** Not in PiKVM: our own version, and what drives the machine. */
  crashcart: z.object({
    version: z.string(),
    machine: z
      .object({
        /** The driver of each part by its name in the configuration. */
        drivers: z.object({
          hid: z.string(),
          atx: z.string(),
          msd: z.string(),
          streamer: z.string(),
        }),
        /** QEMU's version; null where there is none, or it is not running. */
        qemu: z.string().nullable(),
        /** Of a machine that another server has: whether it can be reached, and if not, why not. */
        remote: z.object({ online: z.boolean(), reason: z.string().nullable() }).optional(),
      })
      .optional(),
  }),
});
export type SystemInfo = z.infer<typeof systemInfo>;

/** Seconds since the box started, also split. */
export const uptimeInfo = z.object({
  total: z.int(),
  parts: z.object({ days: z.int(), hours: z.int(), minutes: z.int(), seconds: z.int() }),
});
export type UptimeInfo = z.infer<typeof uptimeInfo>;

/** One entry of the menu of further services. */
export const extraInfo = z.looseObject({
  name: z.string(),
  description: z.string(),
  icon: z.string(),
  path: z.string(),
  place: z.int(),
  daemon: z.string().optional(),
  port: z.int().optional(),
  enabled: z.boolean().optional(),
  started: z.boolean().optional(),
});
export type ExtraInfo = z.infer<typeof extraInfo>;

/** Every category of /info (`legacy=0`). */
export const infoState = z.object({
  auth: z.object({ enabled: z.boolean() }),
  extras: z.record(z.string(), extraInfo).nullable(),
  fan: z.object({ monitored: z.boolean(), state: z.unknown().nullable() }),
  health: healthInfo,
  /** Free-form, the operator's own. */
  meta: z.unknown(),
  node: z.object({ host: z.string() }),
  system: systemInfo,
  uptime: uptimeInfo,
});
export type InfoState = z.infer<typeof infoState>;

/** What the `info` events tell: as much as PiKVM's do, so our own versions are in /info alone. */
export const infoEventState = infoState.extend({ system: systemInfo.omit({ crashcart: true }) });
export type InfoEventState = z.infer<typeof infoEventState>;

/** Names of the categories, in the order in which PiKVM lists them. */
export const INFO_CATEGORIES = [
  'auth',
  'extras',
  'fan',
  'health',
  'meta',
  'node',
  'system',
  'uptime',
] as const satisfies readonly (keyof InfoState)[];
export type InfoCategory = (typeof INFO_CATEGORIES)[number];
