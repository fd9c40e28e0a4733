import type { AtxDriver } from '../core/atx-driver.ts';
import type { HidDriver } from '../core/hid-driver.ts';
import type { Log } from '../core/log.ts';
import type { VideoSource } from '../core/video-source.ts';
import type { QemuMachine } from './qemu/machine.ts';

/** What a driver may use when it is made. */
export interface DriverContext {
  readonly log: Log;
  /** The QEMU of this machine, started at the first call. */
  qemu(): Promise<QemuMachine>;
}

/** Loads the code of a driver and makes one. */
export type CreateDriver<Made> = (context: DriverContext) => Promise<Made>;

/** The drivers of every part by the `type` that the configuration names. */
export interface DriverRegistry {
  readonly hid: Readonly<Record<string, CreateDriver<HidDriver>>>;
  readonly atx: Readonly<Record<string, CreateDriver<AtxDriver>>>;
  readonly streamer: Readonly<Record<string, CreateDriver<VideoSource>>>;
}

/** Declares drivers, and keeps their names as types. */
export function defineDrivers<const Registry extends DriverRegistry>(registry: Registry): Registry {
  return registry;
}
