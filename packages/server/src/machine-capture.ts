import { join } from 'node:path';
import type { MachineConfig } from './config/schema.ts';
import type { Log } from './core/log.ts';
import { queryDvSignal } from './drivers/linux/dv-signal.ts';
import type { UstreamerOptions } from './drivers/linux/ustreamer.ts';
import type { Command } from './drivers/linux/ustreamer-command.ts';
import type { V4l2SourceOptions } from './drivers/linux/v4l2.ts';
import { ensureDir } from './platform/files.ts';

/** Where a machine of ours belongs. */
export interface MachinePlace {
  readonly id: string;
  readonly stateDir: string;
}

type StreamerConfig = MachineConfig['streamer'];

/** Longest path of a unix socket on Linux, bytes (sockaddr_un without the final zero). */
const MAX_SOCKET_PATH = 107;
/** µStreamer repeats its picture each second; a state may be late when the box is busy. */
const STALL_MS = 5000;
const HANG_MS = 15_000;
/** It follows a signal that comes or changes within a second or two. */
const MISS_MS = 10_000;

/** How a machine's µStreamer is run; its socket has a directory when this resolves. */
export async function ustreamerOptionsOf(
  config: StreamerConfig,
  { id, stateDir }: MachinePlace,
  log: Log,
): Promise<UstreamerOptions> {
  const place = join(stateDir, 'machines', id);
  if (config.unix === '') await ensureDir(place);
  const socketPath = config.unix === '' ? join(place, 'ustreamer.sock') : config.unix;
  if (Buffer.byteLength(socketPath) > MAX_SOCKET_PATH) {
    throw new Error(`The path ${socketPath} is too long for a socket: set kvmd.streamer.unix`);
  }
  const timeoutMs = config.timeout * 1000;
  const command = captureCommandOf(config);
  const device = captureDeviceOf(command);
  return {
    command,
    askDevice: () => queryDvSignal(device),
    preStart: commandOf(
      config.pre_start_cmd,
      config.pre_start_cmd_remove,
      config.pre_start_cmd_append,
    ),
    postStop: commandOf(
      config.post_stop_cmd,
      config.post_stop_cmd_remove,
      config.post_stop_cmd_append,
    ),
    ...{ socketPath, timeoutMs, log },
    processNamePrefix: config.process_name_prefix,
    statePollMs: config.state_poll * 1000,
    stallMs: STALL_MS,
    hangMs: Math.max(HANG_MS, 3 * timeoutMs),
    missMs: MISS_MS,
    resolutions: resolutionsOf(config),
  };
}

/** A machine's µStreamer with all that the configuration adds and takes away. */
export function captureCommandOf(config: StreamerConfig): Command {
  const [program, ...args] = commandOf(config.cmd, config.cmd_remove, config.cmd_append);
  return [program, ...args, ...(config.slowdown ? ['--slowdown'] : [])];
}

const DEVICE = /^(?:--device=|-d=?)(.+)$/;

/** The device that a µStreamer reads: the last one that its command names. */
export function captureDeviceOf(command: Command): string {
  const named = command.flatMap((word, index) => {
    if (word === '--device' || word === '-d') return command[index + 1] ?? [];
    return DEVICE.exec(word)?.[1] ?? [];
  });
  return named.at(-1) ?? '/dev/video0';
}

/** How a machine's capture device is read in this process. */
export function v4l2OptionsOf(config: StreamerConfig, log: Log): V4l2SourceOptions {
  const { v4l2, node_av: nodeAv } = config;
  return { ...v4l2, nodeAv, resolutions: resolutionsOf(config), log };
}

function resolutionsOf({ resolution }: StreamerConfig): readonly string[] | undefined {
  if (resolution.default === '') return undefined;
  return [...new Set([resolution.default, ...resolution.available])];
}

/** As PiKVM reads it: the program stays, of the rest every word of `remove` goes. */
function commandOf(
  [program, ...args]: Command,
  remove: readonly string[],
  append: readonly string[],
): Command {
  return [program, ...args.filter((argument) => !remove.includes(argument)), ...append];
}
