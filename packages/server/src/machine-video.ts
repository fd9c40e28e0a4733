import { type Config, type MachineConfig, machinesOf } from './config/schema.ts';
import type { AutoSnapshotOptions } from './core/auto-snapshot.ts';
import type { Log } from './core/log.ts';
import type { SoundSource } from './core/sound-source.ts';
import type { StreamerOptions } from './core/streamer.ts';
import type { OpenH264Encoder } from './video/h264-encoder.ts';
import { findH264Encoder, type H264Choice } from './video/h264-probe.ts';
import type { OpenOpusEncoder } from './video/opus-encoder.ts';
import { findOpusEncoder } from './video/opus-probe.ts';
import type { WebRtcOptions } from './video/webrtc.ts';

/** The encoders that work here, by what a machine chooses. */
export type H264Encoders = ReadonlyMap<H264Choice, OpenH264Encoder>;

/** Tries what machines that are to have H.264 choose. Never rejects. */
export async function findH264(config: Config, log: Log): Promise<H264Encoders> {
  const found = new Map<H264Choice, OpenH264Encoder>();
  for (const { streamer } of machinesOf(config).values()) {
    const { type, h264_encoder: choice, h264_bitrate: bitrate, node_av: folder } = streamer;
    if (type === 'disabled' || bitrate.default === 0 || found.has(choice)) continue;
    const encoder = await findH264Encoder(choice, log, folder);
    if (encoder) found.set(choice, encoder);
  }
  return found;
}

/** Tries the encoder of sound where a machine may have any. Never rejects. */
export async function findOpus(config: Config, log: Log): Promise<OpenOpusEncoder | undefined> {
  const machines = [...machinesOf(config).values()];
  const mayHave = ({ streamer }: MachineConfig) =>
    streamer.type === 'qemu' || streamer.audio_device !== '';
  return config.webrtc.enabled && machines.some(mayHave) ? findOpusEncoder(log) : undefined;
}

/** The sound card that a machine's sound is captured from; undefined where none is configured. */
export function soundSourceOf(config: MachineConfig['streamer']): SoundSource | undefined {
  const { audio_device: device } = config;
  return device === '' ? undefined : { kind: 'alsa', device };
}

/** The video of a machine as configured; `h264`: whether it can be encoded. */
export function streamerOptionsOf(
  config: MachineConfig['streamer'],
  h264: boolean,
): Omit<StreamerOptions, 'source' | 'log'> {
  const { quality, desired_fps: fps, h264_bitrate: bitrate, h264_gop: gop } = config;
  return {
    ...(config.resolution.default === '' ? {} : { resolution: config.resolution.default }),
    quality,
    desiredFps: fps.default,
    minFps: fps.min,
    maxFps: fps.max,
    ...(h264 && bitrate.default > 0 ? { h264: { bitrate, gop } } : {}),
    shutdownDelayMs: config.shutdown_delay * 1000,
    resetDelayMs: config.reset_delay * 1000,
    statePollMs: config.state_poll * 1000,
  };
}

/** The automatic snapshots of a machine as configured. */
export function snapshotOptionsOf(config: MachineConfig['snapshot']): AutoSnapshotOptions {
  return {
    idleMs: config.idle_interval * 1000,
    liveMs: config.live_interval * 1000,
    wakeupKey: config.wakeup_key || undefined,
    wakeupMove: config.wakeup_move,
    onlineDelayMs: config.online_delay * 1000,
    tries: config.retries,
    retryDelayMs: config.retries_delay * 1000,
  };
}

/** WebRTC of all machines as configured. */
export function webRtcOptionsOf({ webrtc, janus }: Config, log: Log): WebRtcOptions {
  const { host, port } = janus.stun;
  return {
    bindAddress: webrtc.listen === '' ? undefined : webrtc.listen,
    minPort: webrtc.ports.min,
    maxPort: webrtc.ports.max,
    stun: host === '' ? '' : `stun:${host.includes(':') ? `[${host}]` : host}:${port}`,
    maxViewers: webrtc.viewers,
    log,
  };
}
