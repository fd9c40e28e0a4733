import type { GpioDriver } from '../../core/gpio-driver.ts';
import { extron } from '../../protocols/kvm-switch/extron.ts';
import { ezcoo } from '../../protocols/kvm-switch/ezcoo.ts';
import { pway } from '../../protocols/kvm-switch/pway.ts';
import { xhHk4401 } from '../../protocols/kvm-switch/xh-hk4401.ts';
import type { GpioContext } from './context.ts';
import { SerialSwitchDriver, type SerialSwitchOptions } from './serial-switch.ts';

/** Options of all of them; extron and pway have one protocol only. */
export interface KvmSwitchOptions extends SerialSwitchOptions {
  readonly protocol: 1 | 2;
}

type Create = (options: KvmSwitchOptions, context: GpioContext) => GpioDriver;

/** An Ezcoo KVM switch. */
export const createEzcoo: Create = (options, context) =>
  new SerialSwitchDriver(ezcoo(options.protocol), options, context);

/** An Extron switch. */
export const createExtron: Create = (options, context) =>
  new SerialSwitchDriver(extron(), options, context);

/** A PWAY KVM switch. */
export const createPway: Create = (options, context) =>
  new SerialSwitchDriver(pway(), options, context);

/** An XH-HK4401 KVM switch. */
export const createXhHk4401: Create = (options, context) =>
  new SerialSwitchDriver(xhHk4401(options.protocol), options, context);
