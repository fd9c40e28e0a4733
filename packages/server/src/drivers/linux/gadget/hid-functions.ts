import {
  type HidFunctionDescriptor,
  keyboardDescriptor,
  mouseDescriptor,
} from '../../../protocols/hid-descriptor.ts';
import type { GadgetParts, OtgOptions } from './gadget-options.ts';
import { type GadgetFunction, value } from './gadget-step.ts';

/**
 * Keyboard and mice (Linux Documentation/ABI/testing/configfs-usb-gadget-hid). Their order is that of
 * the files /dev/hidg0, 1, 2.
 */
export function hidFunctions(
  { devices, remote_wakeup }: OtgOptions,
  hid: NonNullable<GadgetParts['hid']>,
): readonly GadgetFunction[] {
  const { mouse, mouse_alt: alt } = hid;
  const make = (
    key: 'keyboard' | 'mouse' | 'mouse_alt',
    index: number,
    description: string,
    descriptor: HidFunctionDescriptor,
  ): GadgetFunction => ({
    name: `hid.usb${index}`,
    ...{ description, endpoints: 1, controls: [] },
    starter: ['otg', 'devices', 'hid', key, 'start'],
    start: devices.hid[key].start,
    values: hidValues(`functions/hid.usb${index}`, descriptor, remote_wakeup),
  });
  const makeMouse = (key: 'mouse' | 'mouse_alt', index: number, isAbsolute: boolean) =>
    make(
      key,
      index,
      isAbsolute ? 'Absolute Mouse' : 'Relative Mouse',
      mouseDescriptor({
        kind: isAbsolute ? 'absolute' : 'relative',
        horizontalWheel: hid[key].horizontal_wheel,
      }),
    );
  return [
    make('keyboard', 0, 'Keyboard', keyboardDescriptor()),
    makeMouse('mouse', 1, mouse.absolute),
    ...(alt.device === '' ? [] : [makeMouse('mouse_alt', 2, !mouse.absolute)]),
  ];
}

function hidValues(dir: string, descriptor: HidFunctionDescriptor, remoteWakeup: boolean) {
  const { protocol, subclass, reportLength, reportDescriptor } = descriptor;
  const maybe = { isOptional: true };
  return [
    // The lights come over the control endpoint, which all have.
    value(`${dir}/no_out_endpoint`, 1, maybe),
    ...(remoteWakeup ? [value(`${dir}/wakeup_on_write`, 1, maybe)] : []),
    value(`${dir}/protocol`, protocol),
    value(`${dir}/subclass`, subclass),
    value(`${dir}/report_length`, reportLength),
    value(`${dir}/report_desc`, reportDescriptor),
  ];
}
