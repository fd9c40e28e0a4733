import type { GpioDriver } from '../core/gpio-driver.ts';
import { DerivedCell } from '../core/state.ts';
import type { BtHidOptions } from './bluetooth/hid.ts';
import { type DriverRegistry, defineDrivers, type OptionsOf } from './define.ts';
import type { GpioChipOptions } from './gpio/chip-driver.ts';
import type { CmdOptions, CmdretOptions } from './gpio/cmd.ts';
import type { GpioContext } from './gpio/context.ts';
import type { HidRelayOptions, NoyitoOptions } from './gpio/hid-relays.ts';
import type { AnelOptions, HueOptions } from './gpio/http-outlets.ts';
import type { OtgconfOptions } from './gpio/otgconf.ts';
import type { AmtOptions, IpmiOptions } from './gpio/power.ts';
import type { PwmOptions, ServoOptions } from './gpio/pwm.ts';
import type { KvmSwitchOptions } from './gpio/serial-switches.ts';
import type { TesmartOptions } from './gpio/tesmart.ts';
import type { WolOptions } from './gpio/wol.ts';
import type { GpioAtxOptions } from './linux/atx.ts';
import type { OtgHidOptions } from './linux/hid.ts';
import type { BridgeOptions } from './serial-hid/bridge.ts';
import type { Ch9329Options } from './serial-hid/ch9329.ts';
import type { SpiBridgeOptions } from './serial-hid/spi-bridge.ts';

/** All drivers; only the code of those that are configured is ever loaded. */
export const DRIVERS = defineDrivers({
  hid: {
    qemu: async ({ qemu }) => (await qemu()).hid,
    otg: async ({ log }, options: OtgHidOptions) => {
      return (await import('./linux/hid.ts')).OtgHid.start(options, { log });
    },
    ch9329: async ({ log }, options: Ch9329Options) => {
      return (await import('./serial-hid/ch9329.ts')).createCh9329(options, { log });
    },
    serial: async ({ log }, options: BridgeOptions) => {
      return (await import('./serial-hid/bridge.ts')).createBridge(options, { log });
    },
    spi: async ({ log }, options: SpiBridgeOptions) => {
      return (await import('./serial-hid/spi-bridge.ts')).createSpiBridge(options, { log });
    },
    bt: async ({ log }, options: BtHidOptions) => {
      return new (await import('./bluetooth/hid.ts')).BtHid(options, { log });
    },
    vnc: async ({ vnc, log }) => new (await import('./vnc/hid.ts')).VncHid(await vnc(), log),
    disabled: async () => new (await import('./disabled/hid.ts')).DisabledHid(),
  },
  atx: {
    qemu: async ({ qemu }) => (await qemu()).atx,
    gpio: async ({ log }, options: GpioAtxOptions) => {
      return new (await import('./linux/atx.ts')).GpioAtx(options, { log });
    },
    disabled: async () => new (await import('./disabled/atx.ts')).DisabledAtx(),
  },
  msd: {
    qemu: async ({ qemu }) => (await qemu()).msd,
    otg: async ({ log }) => (await import('./linux/msd.ts')).OtgMsd.open({ log }),
    disabled: async () => new (await import('./disabled/msd.ts')).DisabledMsd(),
  },
  streamer: {
    qemu: async ({ qemu, log }) => {
      const { QemuVideoSource } = await import('./qemu/streamer.ts');
      const machine = await qemu();
      return new QemuVideoSource({
        vncSocketPath: machine.vncSocketPath,
        powered: new DerivedCell([machine.runState], () => machine.runState.value === 'running'),
        offReason: () => machine.failure.value ?? 'The machine is off. Press Power to start it.',
        hasSound: machine.hasSound,
        onLeds: (mask) => machine.ledsFromVnc(mask),
        log,
      });
    },
    ustreamer: async ({ ustreamer }) => {
      const { UstreamerSource } = await import('./linux/ustreamer.ts');
      return UstreamerSource.create(await ustreamer());
    },
    v4l2: async ({ v4l2 }) => new (await import('./linux/v4l2.ts')).V4l2Source(v4l2()),
    vnc: async ({ vnc }) => {
      return new (await import('./vnc/streamer.ts')).VncVideoSource(await vnc());
    },
    disabled: async () => new (await import('./disabled/streamer.ts')).DisabledVideoSource(),
  },
});

/** The names that the `type` of a part may have. */
export function driverTypes<Part extends keyof DriverRegistry>(part: Part) {
  return Object.keys(DRIVERS[part]) as (keyof (typeof DRIVERS)[Part] & string)[];
}

type OptionsOfPart<Part extends keyof DriverRegistry> = {
  readonly [T in keyof (typeof DRIVERS)[Part]]: OptionsOf<(typeof DRIVERS)[Part][T]>;
};

/** The options of each type of HID. */
export type HidDriverOptions = OptionsOfPart<'hid'>;
/** The options of each type of front panel. */
export type AtxDriverOptions = OptionsOfPart<'atx'>;

/** Loads the code of a GPIO driver and makes one. */
type CreateGpio<Options> = (options: Options, context: GpioContext) => Promise<GpioDriver>;

function defineGpio<Options>(create: CreateGpio<Options>): CreateGpio<Options> {
  return create;
}

/** The drivers of user lines by the `type` that the configuration names. */
export const GPIO_DRIVERS = {
  gpio: defineGpio<GpioChipOptions>(async (...args) => {
    return (await import('./gpio/chip.ts')).createChip(...args);
  }),
  locator: defineGpio<GpioChipOptions>(async (...args) => {
    return new (await import('./gpio/locator.ts')).LocatorDriver(...args);
  }),
  pwm: defineGpio<PwmOptions>(async (...args) => {
    return (await import('./gpio/pwm.ts')).createPwm(...args);
  }),
  servo: defineGpio<ServoOptions>(async (...args) => {
    return (await import('./gpio/pwm.ts')).createServo(...args);
  }),
  cmd: defineGpio<CmdOptions>(async (...args) => {
    return new (await import('./gpio/cmd.ts')).CmdDriver(...args);
  }),
  cmdret: defineGpio<CmdretOptions>(async (...args) => {
    return (await import('./gpio/cmd.ts')).createCmdret(...args);
  }),
  wol: defineGpio<WolOptions>(async (...args) => {
    return new (await import('./gpio/wol.ts')).WolDriver(...args);
  }),
  otgconf: defineGpio<OtgconfOptions>(async (...args) => {
    return (await import('./gpio/otgconf.ts')).createOtgconf(...args);
  }),
  noop: defineGpio<object>(async (...args) => {
    return new (await import('./gpio/noop.ts')).NoopDriver(...args);
  }),
  ipmi: defineGpio<IpmiOptions>(async (...args) => {
    return (await import('./gpio/power.ts')).createIpmi(...args);
  }),
  amt: defineGpio<AmtOptions>(async (...args) => {
    return (await import('./gpio/power.ts')).createAmt(...args);
  }),
  hue: defineGpio<HueOptions>(async (...args) => {
    return (await import('./gpio/http-outlets.ts')).createHue(...args);
  }),
  anelpwr: defineGpio<AnelOptions>(async (...args) => {
    return (await import('./gpio/http-outlets.ts')).createAnel(...args);
  }),
  tesmart: defineGpio<TesmartOptions>(async (...args) => {
    return (await import('./gpio/tesmart.ts')).createTesmart(...args);
  }),
  ezcoo: defineGpio<KvmSwitchOptions>(async (...args) => {
    return (await import('./gpio/serial-switches.ts')).createEzcoo(...args);
  }),
  xh_hk4401: defineGpio<KvmSwitchOptions>(async (...args) => {
    return (await import('./gpio/serial-switches.ts')).createXhHk4401(...args);
  }),
  extron: defineGpio<KvmSwitchOptions>(async (...args) => {
    return (await import('./gpio/serial-switches.ts')).createExtron(...args);
  }),
  pway: defineGpio<KvmSwitchOptions>(async (...args) => {
    return (await import('./gpio/serial-switches.ts')).createPway(...args);
  }),
  hidrelay: defineGpio<HidRelayOptions>(async (...args) => {
    return (await import('./gpio/hid-relays.ts')).createHidRelay(...args);
  }),
  noyito: defineGpio<NoyitoOptions>(async (...args) => {
    return (await import('./gpio/hid-relays.ts')).createNoyito(...args);
  }),
} as const;

/** A name of the table above. */
export type GpioDriverType = keyof typeof GPIO_DRIVERS;

/** The options of each type. */
export type GpioDriverOptions = {
  readonly [T in GpioDriverType]: Parameters<(typeof GPIO_DRIVERS)[T]>[0];
};
