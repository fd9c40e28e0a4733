import { KEY_NAMES } from '@crashcart/api';
import { z } from 'zod';
import { driverTypes } from '../drivers/registry.ts';
import { authSchema } from './auth-schema.ts';
import { capture } from './capture-schema.ts';
import { atx, hid } from './front-panel.ts';
import { gpio } from './gpio.ts';
import { otg } from './otg-schema.ts';
import { PLATFORM_NAMES } from './platforms/platforms.ts';
import { remote } from './remote-schema.ts';
import {
  type PartsOfVnc,
  partsWithoutHost,
  type RemoteVncConfig,
  remoteVnc,
} from './remote-vnc-schema.ts';
import * as type from './types.ts';
import { janus, webrtc } from './webrtc-schema.ts';

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

/** As tesseract names them: `eng`, `chi_sim`, `script/Latin`. */
const ocrLanguage = z.string().regex(/^[A-Za-z][\w/-]{0,63}$/, 'must be names such as eng');

const FOREVER = Number.MAX_SAFE_INTEGER;

const msd = type.section({
  type: type.choice(driverTypes('msd')).default('qemu'),
  remount_cmd: type.optionalCommand().default([]),
  storage: type
    .section({ dir: type.optionalPath().default(''), limit: type.integer(0, FOREVER).default(0) })
    .prefault({}),
});

const streamer = type.section({
  type: type.choice(driverTypes('streamer')).default('qemu'),
  forever: type.bool(false),
  reset_delay: type.atLeast(0).default(1),
  shutdown_delay: type.atLeast(0.1).default(10),
  /** 0 = nobody may choose it. */
  quality: type.integer(0, 100).default(80),
  desired_fps: type.range(type.integer(0, 120), { default: 30, min: 0, max: 90 }).prefault({}),
  ...capture,
  h264_bitrate: type
    .range(type.integer(0, 20_000), { default: 5000, min: 25, max: 20_000, zeroIsOff: true })
    .prefault({}),
  h264_gop: type.range(type.integer(0, 60), { default: 0, min: 0, max: 60 }).prefault({}),
  h264_encoder: type.choice(['auto', 'ffmpeg', 'node-av']).default('auto'),
  /** Folder of the package node-av, where it is not beside the server. */
  node_av: type.optionalPath().default(''),
  /** As ALSA names it; empty = none, or that of QEMU. */
  audio_device: type.text(255).default(''),
});

const keyOrNone = z.union(
  [z.literal(''), z.enum(KEY_NAMES)],
  'must be a key name such as ShiftLeft, or empty for none',
);

const snapshot = type.section({
  idle_interval: type.atLeast(0).default(0),
  live_interval: type.atLeast(0).default(0),
  wakeup_key: keyOrNone.default(''),
  wakeup_move: type.clamped(-32_768, 32_767).default(0),
  online_delay: type.atLeast(0).default(5),
  retries: type.integer(1, FOREVER).default(10),
  retries_delay: type.atLeast(0.1).default(3),
});

/** A further machine has no Switch unless told where: one serial port is one machine's. */
const switchUnits = (device: string) =>
  type
    .section({
      device: type.optionalPath().default(device),
      default_edid: type.optionalPath().default('/etc/kvmd/switch-edid.hex'),
      ignore_hpd_on_top: type.bool(false),
    })
    .prefault({});

const parts = {
  hid: hid.prefault({}),
  atx: atx.prefault({}),
  msd: msd.prefault({}),
  streamer: streamer.prefault({}),
  snapshot: snapshot.prefault({}),
  gpio: gpio.prefault({}),
};

const qemu = type.section({
  memory: type.integer(64, 1_048_576).default(1024),
  cpus: type.integer(1, 64).default(1),
  net: type.choice(['none', 'user']).default('none'),
  disk: type.optionalPath().default(''),
  sound: type.bool(true),
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
  auth: authSchema.prefault({}),
  info: info.prefault({}),
  log_reader: type.section({ enabled: type.bool(true) }).prefault({}),
  prometheus: type
    .section({ auth: type.section({ enabled: type.bool(true) }).prefault({}) })
    .prefault({}),
  ocr: type
    .section({
      langs: type.words(ocrLanguage).default(['eng']),
      tessdata: type.optionalPath().default(''),
    })
    .prefault({}),
  ...parts,
  switch: switchUnits('/dev/kvmd-switch'),
});

const machineId = z
  .string()
  .regex(/^(?!default$)[a-z][a-z\d-]{0,62}$/, 'must be lower-case letters, digits and -');

interface WithDrive {
  readonly msd: { readonly type: string };
}

/** There is one USB gadget, with one drive. */
function oneGadgetDrive(
  context: z.core.ParsePayload<{ kvmd: WithDrive; machines: Record<string, WithDrive> }>,
): void {
  const { kvmd, machines } = context.value;
  let isTaken = kvmd.msd.type === 'otg';
  for (const [id, { msd }] of Object.entries(machines)) {
    if (msd.type !== 'otg') continue;
    const path = ['machines', id, 'msd', 'type'];
    const message = 'there is one USB gadget, which another machine has';
    if (isTaken) context.issues.push({ code: 'custom', input: msd.type, path, message });
    isTaken = true;
  }
}

interface WithVnc extends PartsOfVnc {
  readonly remote_vnc: RemoteVncConfig;
}

/** A machine whose keyboard or screen is a VNC server's says where that is. */
function vncHosts({
  value,
  issues,
}: z.core.ParsePayload<{
  kvmd: PartsOfVnc;
  remote_vnc: RemoteVncConfig;
  machines: Record<string, WithVnc>;
}>): void {
  const refuse = (
    machine: PartsOfVnc,
    vnc: RemoteVncConfig,
    at: readonly string[],
    key: string,
  ) => {
    const message = `needs ${key}.host, the name or the address of the VNC server`;
    for (const part of partsWithoutHost(machine, vnc)) {
      issues.push({ code: 'custom', input: 'vnc', path: [...at, part, 'type'], message });
    }
  };
  refuse(value.kvmd, value.remote_vnc, ['kvmd'], 'remote_vnc');
  for (const [id, machine] of Object.entries(value.machines)) {
    refuse(machine, machine.remote_vnc, ['machines', id], `machines.${id}.remote_vnc`);
  }
}

const sections = type.section({
  /** Presets for this hardware lie below all that is written. */
  platform: type.choice(['', ...PLATFORM_NAMES]).default(''),
  server: server.prefault({}),
  webrtc: webrtc.prefault({}),
  janus: janus.prefault({}),
  kvmd: kvmd.prefault({}),
  otg: otg.prefault({}),
  qemu: qemu.prefault({}),
  remote: remote.prefault({}),
  remote_vnc: remoteVnc.prefault({}),
  machines: z
    .record(
      machineId,
      type.section({
        name: type.text(128).default(''),
        ...parts,
        switch: switchUnits(''),
        qemu: qemu.prefault({}),
        remote: remote.prefault({}),
        remote_vnc: remoteVnc.prefault({}),
      }),
    )
    .default({}),
});

/**
 * All keys, PiKVM's where they mean the same. Empty paths mean "in the state directory" for files
 * of ours and "none" for others. Times in s, memory in MiB, storage in bytes.
 */
export const configSchema = sections.check(oneGadgetDrive, vncHosts);

/** A complete configuration. */
export type Config = z.output<typeof configSchema>;

/** One machine's part of it. */
export type MachineConfig = Config['machines'][string];

/** Every machine by id; the `kvmd` section is `default`, and the first. */
export function machinesOf(config: Config): ReadonlyMap<string, MachineConfig> {
  const { hid, atx, msd, streamer, snapshot, gpio, switch: units } = config.kvmd;
  const { qemu, remote, remote_vnc } = config;
  const given = { hid, atx, msd, streamer, snapshot, gpio, switch: units };
  return new Map([
    ['default', { name: '', ...given, qemu, remote, remote_vnc }],
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
