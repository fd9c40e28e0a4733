import type { AtxDriver } from '../core/atx-driver.ts';
import type { HidDriver } from '../core/hid-driver.ts';
import type { Log } from '../core/log.ts';
import type { MsdDriver } from '../core/msd-driver.ts';
import type { VideoSource } from '../core/video-source.ts';
import type { UstreamerOptions } from './linux/ustreamer.ts';
import type { V4l2SourceOptions } from './linux/v4l2.ts';
import type { QemuMachine } from './qemu/machine.ts';
import type { VncConnection } from './vnc/connection.ts';

/** What a driver may use when it is made. */
export interface DriverContext {
  readonly log: Log;
  /** The QEMU of this machine, started at the first call. */
  qemu(): Promise<QemuMachine>;
  /** How this machine's µStreamer is to be run. */
  ustreamer(): Promise<UstreamerOptions>;
  /** How this machine's capture device is to be read. */
  v4l2(): V4l2SourceOptions;
  /** The connection to this machine's VNC server, begun at the first call. */
  vnc(): Promise<VncConnection>;
}

/** Loads the code of a driver and makes one. `options` is its section of the configuration. */
export type CreateDriver<Made> = (context: DriverContext, options: never) => Promise<Made>;

/** The options that a driver takes. */
export type OptionsOf<Create> = Create extends (
  context: DriverContext,
  options: infer Options,
) => unknown
  ? unknown extends Options
    ? object
    : Options
  : never;

/** The drivers of every part by the `type` that the configuration names. */
export interface DriverRegistry {
  readonly hid: Readonly<Record<string, CreateDriver<HidDriver>>>;
  readonly atx: Readonly<Record<string, CreateDriver<AtxDriver>>>;
  readonly msd: Readonly<Record<string, CreateDriver<MsdDriver>>>;
  readonly streamer: Readonly<Record<string, CreateDriver<VideoSource>>>;
}

/** Declares drivers, and keeps their names as types. */
export function defineDrivers<const Registry extends DriverRegistry>(registry: Registry): Registry {
  return registry;
}
