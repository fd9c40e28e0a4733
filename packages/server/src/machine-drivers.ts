import type { MachineConfig } from './config/schema.ts';
import type { AtxDriver } from './core/atx-driver.ts';
import type { GpioDriver } from './core/gpio-driver.ts';
import type { HidDriver } from './core/hid-driver.ts';
import type { Log } from './core/log.ts';
import type { MsdDriver } from './core/msd-driver.ts';
import { until } from './core/state.ts';
import type { SwitchDriver } from './core/switch-driver.ts';
import type { VideoSource } from './core/video-source.ts';
import type { CreateDriver, DriverContext } from './drivers/define.ts';
import type { QemuMachine } from './drivers/qemu/machine.ts';
import { DRIVERS } from './drivers/registry.ts';
import type { VncConnection } from './drivers/vnc/connection.ts';
import { type MachinePlace, ustreamerOptionsOf, v4l2OptionsOf } from './machine-capture.ts';
import { createGpioDrivers } from './machine-gpio.ts';
import { createSwitchDriver } from './machine-switch.ts';
import { vncServerOf } from './machine-vnc.ts';

/** The drivers of one machine, and the QEMU or the VNC server behind them where there is one. */
export interface ConfiguredDrivers {
  readonly hid: HidDriver;
  readonly atx: AtxDriver;
  readonly msd: MsdDriver;
  readonly video: VideoSource;
  readonly gpio: ReadonlyMap<string, GpioDriver>;
  readonly switch: SwitchDriver;
  readonly qemu: QemuMachine | undefined;
  /** To be closed by the caller, after the drivers. */
  readonly vnc: VncConnection | undefined;
}

/** How long a new QEMU may take before the server says that it is ready without it, ms. */
const START_MS = 15_000;

/** Makes the configured drivers of one machine. */
export async function createDrivers(
  config: MachineConfig,
  place: MachinePlace,
  log: Log,
): Promise<ConfiguredDrivers> {
  let machine: Promise<QemuMachine> | undefined;
  let connection: Promise<VncConnection> | undefined;
  const context = {
    log,
    qemu: () => {
      machine ??= startQemu(config, place, log);
      return machine;
    },
    vnc: () => {
      connection ??= connectVnc(config, log.child({ machine: place.id }));
      return connection;
    },
    ustreamer: () => ustreamerOptionsOf(config.streamer, place, log.child({ machine: place.id })),
    v4l2: () => v4l2OptionsOf(config.streamer, log.child({ machine: place.id })),
  };
  return {
    hid: await create<HidDriver>(DRIVERS.hid[config.hid.type], context, config.hid),
    atx: await create<AtxDriver>(DRIVERS.atx[config.atx.type], context, config.atx),
    msd: await DRIVERS.msd[config.msd.type](context),
    video: await DRIVERS.streamer[config.streamer.type](context),
    gpio: await createGpioDrivers(config.gpio, log.child({ machine: place.id })),
    switch: createSwitchDriver(config.switch, log.child({ machine: place.id })),
    qemu: await machine,
    vnc: await connection,
  };
}

function create<Made>(
  driver: CreateDriver<Made>,
  context: DriverContext,
  options: object,
): Promise<Made> {
  // Each type's options are its own schema's, which the compiler cannot follow through a union.
  return driver(context, options as never);
}

async function connectVnc(config: MachineConfig, log: Log): Promise<VncConnection> {
  const { VncConnection } = await import('./drivers/vnc/connection.ts');
  return new VncConnection({ server: vncServerOf(config.remote_vnc), log });
}

async function startQemu(config: MachineConfig, place: MachinePlace, log: Log) {
  const { startQemuMachine } = await import('./drivers/qemu/machine.ts');
  const { memory, cpus, net, accel, disk, attach, sound, extra_args: extraArgs } = config.qemu;
  const machine = await startQemuMachine(
    {
      ...place,
      ...{ memoryMib: memory, cpus, net, sound, extraArgs },
      ...(accel === 'auto' ? {} : { accel }),
      ...(disk === '' ? {} : { disk }),
      ...(attach.qmp === '' ? {} : { attach }),
    },
    log,
  );
  // Ready means that the machine works or that its failure is known; both are in the state then.
  const known = until(
    machine.status,
    (status) => status !== 'starting',
    AbortSignal.timeout(START_MS),
  );
  await known.catch(() => log.warn({ machine: place.id }, 'The machine takes long to start'));
  return machine;
}
