import { DerivedCell } from '../core/state.ts';
import { type DriverRegistry, defineDrivers } from './define.ts';

/** All drivers; only the code of those that are configured is ever loaded. */
export const DRIVERS = defineDrivers({
  hid: {
    qemu: async ({ qemu }) => (await qemu()).hid,
    disabled: async () => new (await import('./disabled/hid.ts')).DisabledHid(),
  },
  atx: {
    qemu: async ({ qemu }) => (await qemu()).atx,
    disabled: async () => new (await import('./disabled/atx.ts')).DisabledAtx(),
  },
  streamer: {
    qemu: async ({ qemu, log }) => {
      const { QemuVideoSource } = await import('./qemu/streamer.ts');
      const machine = await qemu();
      return new QemuVideoSource({
        vncSocketPath: machine.vncSocketPath,
        powered: new DerivedCell([machine.runState], () => machine.runState.value === 'running'),
        offReason: () => machine.failure.value ?? 'The machine is off. Press Power to start it.',
        onLeds: (mask) => machine.ledsFromVnc(mask),
        log,
      });
    },
    disabled: async () => new (await import('./disabled/streamer.ts')).DisabledVideoSource(),
  },
});

/** The names that the `type` of a part may have. */
export function driverTypes<Part extends keyof DriverRegistry>(part: Part) {
  return Object.keys(DRIVERS[part]) as (keyof (typeof DRIVERS)[Part] & string)[];
}
