import type { MachineConfig } from './config/schema.ts';
import type { AtxDriver } from './core/atx-driver.ts';
import type { HidDriver } from './core/hid-driver.ts';
import type { Log } from './core/log.ts';
import { DerivedCell, until } from './core/state.ts';
import type { VideoSource } from './core/video-source.ts';
import type { QemuMachine } from './drivers/qemu/machine.ts';

/** Where a machine of ours belongs. */
export interface MachinePlace {
  readonly id: string;
  readonly stateDir: string;
}

/** The drivers of one machine, and the QEMU behind them where there is one. */
export interface ConfiguredDrivers {
  readonly hid: HidDriver;
  readonly atx: AtxDriver;
  readonly video: VideoSource;
  readonly qemu: QemuMachine | undefined;
}

/** How long a new QEMU may take before the server says that it is ready without it, ms. */
const START_MS = 15_000;

/** Makes the configured drivers; the code of others is never loaded. */
export async function createDrivers(
  config: MachineConfig,
  place: MachinePlace,
  log: Log,
): Promise<ConfiguredDrivers> {
  const types = [config.hid.type, config.atx.type, config.streamer.type];
  const qemu = types.includes('qemu') ? await startQemu(config, place, log) : undefined;
  return {
    hid: qemu && config.hid.type === 'qemu' ? qemu.hid : await disabledHid(),
    atx: qemu && config.atx.type === 'qemu' ? qemu.atx : await disabledAtx(),
    video: qemu && config.streamer.type === 'qemu' ? await screenOf(qemu, log) : await noVideo(),
    qemu,
  };
}

async function startQemu(config: MachineConfig, place: MachinePlace, log: Log) {
  const { startQemuMachine } = await import('./drivers/qemu/machine.ts');
  const { memory, cpus, net, accel, disk, attach, extra_args: extraArgs } = config.qemu;
  const machine = await startQemuMachine(
    {
      ...place,
      ...{ memoryMib: memory, cpus, net, extraArgs },
      ...(accel === 'auto' ? {} : { accel }),
      ...(disk === '' ? {} : { disk }),
      ...(attach.qmp === '' ? {} : { attach }),
    },
    log,
  );
  // Ready means that the machine works or that its failure is known; both are in the state then.
  await until(
    machine.status,
    (status) => status !== 'starting',
    AbortSignal.timeout(START_MS),
  ).catch(() => undefined);
  return machine;
}

async function screenOf(machine: QemuMachine, log: Log): Promise<VideoSource> {
  const { QemuVideoSource } = await import('./drivers/qemu/streamer.ts');
  return new QemuVideoSource({
    vncSocketPath: machine.vncSocketPath,
    powered: new DerivedCell([machine.runState], () => machine.runState.value === 'running'),
    offReason: () => machine.failure.value ?? 'The machine is off. Press Power to start it.',
    onLeds: (mask) => machine.ledsFromVnc(mask),
    log,
  });
}

async function disabledHid(): Promise<HidDriver> {
  return new (await import('./drivers/disabled/hid.ts')).DisabledHid();
}

async function disabledAtx(): Promise<AtxDriver> {
  return new (await import('./drivers/disabled/atx.ts')).DisabledAtx();
}

async function noVideo(): Promise<VideoSource> {
  return new (await import('./drivers/disabled/streamer.ts')).DisabledVideoSource();
}
