import type { InfoState } from '@crashcart/api';
import type { MachineConfig } from './config/schema.ts';
import type { CaptureProgram } from './core/capture.ts';
import { DerivedCell, type ReadonlyCell } from './core/state.ts';
import type { QemuMachine } from './drivers/qemu/machine.ts';

/** The server's info with what drives this machine; follows both until it is closed. */
export function machineInfo(
  info: ReadonlyCell<InfoState>,
  { hid, atx, msd, streamer }: Pick<MachineConfig, 'hid' | 'atx' | 'msd' | 'streamer'>,
  qemu: Pick<QemuMachine, 'client'> | undefined,
  capture?: ReadonlyCell<CaptureProgram>,
): DerivedCell<InfoState> {
  const drivers = { hid: hid.type, atx: atx.type, msd: msd.type, streamer: streamer.type };
  const sources = [info, ...(qemu ? [qemu.client] : []), ...(capture ? [capture] : [])];
  return new DerivedCell(sources, (): InfoState => {
    const { system } = info.value;
    const machine = { drivers, qemu: qemu?.client.value?.version ?? null };
    const crashcart = { ...system.crashcart, machine };
    const streamer = capture?.value ?? system.streamer;
    return { ...info.value, system: { ...system, streamer, crashcart } };
  });
}
