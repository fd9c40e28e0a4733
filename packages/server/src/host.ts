import type { InfoState } from '@crashcart/api';
import { Atx, type AtxOptions } from './core/atx.ts';
import type { AtxDriver } from './core/atx-driver.ts';
import { AutoSnapshot, type AutoSnapshotOptions } from './core/auto-snapshot.ts';
import { EventHub } from './core/events.ts';
import { Gpio, type GpioOptions } from './core/gpio.ts';
import type { GpioDriver } from './core/gpio-driver.ts';
import { Hid, type HidOptions } from './core/hid.ts';
import type { HidDriver } from './core/hid-driver.ts';
import type { Log } from './core/log.ts';
import type { Machine } from './core/machine.ts';
import { Msd, type MsdOptions } from './core/msd.ts';
import type { MsdDriver } from './core/msd-driver.ts';
import { Scope } from './core/scope.ts';
import type { SoundSource } from './core/sound-source.ts';
import type { ReadonlyCell } from './core/state.ts';
import { Streamer, type StreamerOptions } from './core/streamer.ts';
import { Switch, type SwitchOptions } from './core/switch.ts';
import type { SwitchDriver } from './core/switch-driver.ts';
import type { VideoSource } from './core/video-source.ts';
import type { Host } from './frontends/http/host.ts';
import type { OpenH264Encoder } from './video/h264-encoder.ts';
import type { Ocr } from './video/ocr.ts';
import type { OpenOpusEncoder } from './video/opus-encoder.ts';
import { Sound } from './video/sound.ts';
import { Video } from './video/video.ts';

/** The drivers of a machine, made by the composition root; the host closes them. */
export interface MachineDrivers {
  readonly hid: HidDriver;
  readonly atx: AtxDriver;
  readonly msd: MsdDriver;
  readonly video: VideoSource;
  /** By name. */
  readonly gpio: ReadonlyMap<string, GpioDriver>;
  readonly switch: SwitchDriver;
}

/** What a host is made of. */
export interface HostOptions {
  readonly id: string;
  readonly name: string;
  readonly drivers: MachineDrivers;
  readonly hid: Pick<HidOptions, 'ignoreKeys' | 'jiggler' | 'keymap'>;
  readonly atx: Pick<AtxOptions, 'clickMs' | 'longClickMs'>;
  readonly msd: Omit<MsdOptions, 'driver' | 'log'>;
  readonly gpio: Pick<GpioOptions, 'channels' | 'view'>;
  readonly streamer: Omit<StreamerOptions, 'source' | 'log'>;
  /** How H.264 is encoded where the streamer has it. */
  readonly h264Encoder?: OpenH264Encoder | undefined;
  /** Instead of the sound that comes with the picture. */
  readonly sound?: SoundSource | undefined;
  /** How sound is encoded; undefined where nothing here can. */
  readonly opusEncoder?: OpenOpusEncoder | undefined;
  readonly snapshot: AutoSnapshotOptions;
  readonly switch: Omit<SwitchOptions, 'driver' | 'log'>;
  readonly info: ReadonlyCell<InfoState>;
  /** Owned by the caller: machines share it. */
  readonly ocr: Ocr;
  readonly log: Log;
}

/** A host that can be closed: front ends first let go of it. */
export interface OwnedHost extends Host {
  close(): Promise<void>;
}

/** Puts policy and hub over the drivers of one machine. */
export function createHost(options: HostOptions): OwnedHost {
  const { drivers, id, name, info, ocr } = options;
  const log = options.log.child({ machine: id });
  const scope = new Scope();
  scope.add(() => drivers.hid[Symbol.asyncDispose]());
  const hid = new Hid({ driver: drivers.hid, log, ...options.hid });
  scope.add(() => hid.close());
  scope.add(() => drivers.atx[Symbol.asyncDispose]());
  const atx = new Atx({ driver: drivers.atx, log, ...options.atx });
  scope.add(() => atx.close());
  scope.add(() => drivers.msd[Symbol.asyncDispose]());
  const msd = new Msd({ driver: drivers.msd, log, ...options.msd });
  scope.add(() => msd.close());
  for (const driver of drivers.gpio.values()) scope.add(() => driver[Symbol.asyncDispose]());
  const gpio = new Gpio({ drivers: drivers.gpio, log, ...options.gpio });
  scope.add(() => gpio.close());
  const streamer = new Streamer({ source: drivers.video, log, ...options.streamer });
  scope.add(() => streamer.close());
  const video = new Video(streamer, log, options.h264Encoder);
  scope.add(() => video.close());
  const source = options.sound ?? drivers.video.sound;
  const sound = new Sound({ source, open: options.opusEncoder, log });
  scope.add(() => sound.close());
  const take = () => video.snapshot({ save: true });
  const auto = new AutoSnapshot(options.snapshot, { hid, streamer, take, log });
  scope.add(() => auto.close());
  scope.add(() => drivers.switch[Symbol.asyncDispose]());
  const units = new Switch({ driver: drivers.switch, log, ...options.switch });
  scope.add(() => units.close());
  const machine: Machine = {
    ...{ id, name, hid, atx, msd, streamer, gpio },
    switch: units,
    [Symbol.asyncDispose]: () => scope.close(),
  };
  const events = new EventHub({ machine, info, ocr: ocr.state });
  scope.add(() => events.close());
  return { machine, video, sound, events, info, ocr, close: () => scope.close() };
}
