import { KEY_NAMES } from '@crashcart/api';
import { z } from 'zod';
import { driverTypes } from '../drivers/registry.ts';
import * as type from './types.ts';

/** Two texts that mean something only together: either without the other is an error. */
function bothOrNeither<const A extends string, const B extends string>(first: A, second: B) {
  return (context: z.core.ParsePayload<Record<A | B, string>>) => {
    const { value } = context;
    for (const [has, lacks] of [
      [first, second],
      [second, first],
    ] as const) {
      if (value[has] === '' || value[lacks] !== '') continue;
      const message = `${has} and ${lacks} come together`;
      context.issues.push({ code: 'custom', input: value[lacks], path: [lacks], message });
    }
  };
}

const FOREVER = Number.MAX_SAFE_INTEGER;

const hid = type.section({
  type: type.choice(driverTypes('hid')).default('qemu'),
  ignore_keys: type.words(z.enum(KEY_NAMES, 'must be key names such as KeyA')).default([]),
  jiggler: type
    .section({
      enabled: type.bool(true),
      active: type.bool(false),
      interval: type.integer(1, FOREVER).default(60),
    })
    .prefault({}),
});

const atx = type.section({
  type: type.choice(driverTypes('atx')).default('qemu'),
  click_delay: type.atLeast(0.1).default(0.1),
  long_click_delay: type.atLeast(0.1).default(5.5),
});

const msd = type.section({ type: type.choice(['disabled']).default('disabled') });

const streamer = type.section({
  type: type.choice(driverTypes('streamer')).default('qemu'),
  forever: type.bool(false),
  reset_delay: type.atLeast(0).default(1),
  shutdown_delay: type.atLeast(0.1).default(10),
  quality: type.integer(1, 100).default(80),
  desired_fps: type.range(type.integer(0, 120), { default: 30, min: 0, max: 90 }).prefault({}),
});

const parts = {
  hid: hid.prefault({}),
  atx: atx.prefault({}),
  msd: msd.prefault({}),
  streamer: streamer.prefault({}),
};

const qemu = type.section({
  memory: type.integer(64, 1_048_576).default(1024),
  cpus: type.integer(1, 64).default(1),
  net: type.choice(['none', 'user']).default('none'),
  disk: type.optionalPath().default(''),
  accel: type.choice(['auto', 'kvm', 'tcg']).default('auto'),
  attach: type
    .section({ qmp: type.optionalPath().default(''), vnc: type.optionalPath().default('') })
    .prefault({}),
  extra_args: z.array(type.text(4096), 'must be a list of texts').default([]),
});

const server = type.section({
  listen: type.text(255).default('127.0.0.1'),
  port: type.port().default(8443),
  tls: type
    .section({
      enabled: type.bool(true),
      cert: type.optionalPath().default(''),
      key: type.optionalPath().default(''),
    })
    .check(bothOrNeither('cert', 'key'))
    .prefault({}),
  http: type.section({ enabled: type.bool(false), port: type.port().default(8080) }).prefault({}),
  origins: type.words().default([]),
  trusted_proxies: type.words().default([]),
  limits: type
    .section({
      connections_per_address: type.integer(1, 100_000).default(256),
      requests_in_flight: type.integer(1, 100_000).default(256),
    })
    .prefault({}),
});

const auth = type.section({
  enabled: type.bool(true),
  expire: type.integer(0, FOREVER).default(0),
  extend: type.bool(false),
  allow_redirects: type.words().default(['/', '/kvm', '/kvm/']),
  usc: type.section({ users: type.words().default([]) }).prefault({}),
  internal: type
    .section({
      type: type.choice(['htpasswd']).default('htpasswd'),
      file: type.optionalPath().default(''),
    })
    .prefault({}),
  totp: type
    .section({
      secret: type.section({ file: type.optionalPath().default('') }).prefault({}),
    })
    .prefault({}),
});

const info = type.section({
  meta: type.optionalPath().default(''),
  extras: type.optionalPath().default(''),
  hw: type
    .section({
      platform: type.path().default('/usr/lib/kvmd/platform'),
      ignore_past: type.bool(false),
      state_poll: type.atLeast(0.1).default(5),
    })
    .prefault({}),
  fan: type
    .section({
      unix: type.optionalPath().default(''),
      timeout: type.atLeast(0.1).default(5),
      state_poll: type.atLeast(0.1).default(5),
    })
    .prefault({}),
});

const kvmd = type.section({
  server: type
    .section({
      unix: type.optionalPath().default(''),
      unix_mode: type.mode().default(0o660),
      heartbeat: type.atLeast(0.1).default(15),
    })
    .prefault({}),
  auth: auth.prefault({}),
  info: info.prefault({}),
  log_reader: type.section({ enabled: type.bool(true) }).prefault({}),
  ...parts,
});

const machineId = z
  .string()
  .regex(/^(?!default$)[a-z][a-z\d-]{0,62}$/, 'must be lower-case letters, digits and -');

/**
 * All keys, PiKVM's where they mean the same. Empty paths mean "in the state directory" for files
 * of ours and "none" for others. Times in s, memory in MiB.
 */
export const configSchema = type.section({
  server: server.prefault({}),
  kvmd: kvmd.prefault({}),
  qemu: qemu.prefault({}),
  machines: z
    .record(
      machineId,
      type.section({ name: type.text(128).default(''), ...parts, qemu: qemu.prefault({}) }),
    )
    .default({}),
});

/** A complete configuration. */
export type Config = z.output<typeof configSchema>;

/** One machine's part of it. */
export type MachineConfig = Config['machines'][string];

/** Every machine by id; the `kvmd` section is `default`, and the first. */
export function machinesOf(config: Config): ReadonlyMap<string, MachineConfig> {
  const { hid, atx, msd, streamer } = config.kvmd;
  return new Map([
    ['default', { name: '', hid, atx, msd, streamer, qemu: config.qemu }],
    ...Object.entries(config.machines),
  ]);
}

/** The configuration's JSON Schema (2020-12); nothing is required. */
export function configJsonSchema(): object {
  return z.toJSONSchema(configSchema, {
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      delete jsonSchema.required;
    },
  });
}
