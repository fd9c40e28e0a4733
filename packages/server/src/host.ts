import type { InfoState, OcrState } from '@crashcart/api';
import { Atx, type AtxOptions } from './core/atx.ts';
import type { AtxDriver } from './core/atx-driver.ts';
import { EventHub } from './core/events.ts';
import { Hid, type HidOptions } from './core/hid.ts';
import type { HidDriver } from './core/hid-driver.ts';
import type { Log } from './core/log.ts';
import type { Machine } from './core/machine.ts';
import { Scope } from './core/scope.ts';
import { type ReadonlyCell, StateCell } from './core/state.ts';
import { Streamer, type StreamerOptions } from './core/streamer.ts';
import type { VideoSource } from './core/video-source.ts';
import { DisabledGpio } from './drivers/disabled/gpio.ts';
import { DisabledMsd } from './drivers/disabled/msd.ts';
import { DisabledSwitch } from './drivers/disabled/switch.ts';
import type { Host } from './frontends/http/host.ts';
import { Video } from './video/video.ts';

/** The drivers of a machine, made by the composition root; the host closes them. */
export interface MachineDrivers {
  readonly hid: HidDriver;
  readonly atx: AtxDriver;
  readonly video: VideoSource;
}

/** What a host is made of. */
export interface HostOptions {
  readonly id: string;
  readonly name: string;
  readonly drivers: MachineDrivers;
  readonly hid: Pick<HidOptions, 'ignoreKeys' | 'jiggler'>;
  readonly atx: Pick<AtxOptions, 'clickMs' | 'longClickMs'>;
  readonly streamer: Omit<StreamerOptions, 'source' | 'log'>;
  readonly info: ReadonlyCell<InfoState>;
  readonly log: Log;
}

/** A host that can be closed: front ends first let go of it. */
export interface OwnedHost extends Host {
  close(): Promise<void>;
}

const NO_OCR: OcrState = { enabled: false, langs: { default: [], available: [] } };

/** Puts policy and hub over the drivers of one machine. */
export function createHost(options: HostOptions): OwnedHost {
  const { drivers, id, name } = options;
  const log = options.log.child({ machine: id });
  const scope = new Scope();
  scope.add(() => drivers.hid[Symbol.asyncDispose]());
  const hid = new Hid({ driver: drivers.hid, log, ...options.hid });
  scope.add(() => hid.close());
  scope.add(() => drivers.atx[Symbol.asyncDispose]());
  const atx = new Atx({ driver: drivers.atx, log, ...options.atx });
  scope.add(() => atx.close());
  const streamer = new Streamer({ source: drivers.video, log, ...options.streamer });
  scope.add(() => streamer.close());
  const video = new Video(streamer, log);
  scope.add(() => video.close());
  const ocr = new StateCell(NO_OCR);
  const machine: Machine = {
    ...{ id, name, hid, atx, streamer },
    msd: new DisabledMsd(),
    gpio: new DisabledGpio(),
    switch: new DisabledSwitch(),
    [Symbol.asyncDispose]: () => scope.close(),
  };
  const events = new EventHub({ machine, info: options.info, ocr });
  scope.add(() => events.close());
  return { machine, video, events, ocr, close: () => scope.close() };
}
