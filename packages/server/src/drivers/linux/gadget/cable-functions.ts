import type { OtgOptions } from './gadget-options.ts';
import { type GadgetFunction, hex, value } from './gadget-step.ts';

/** Number of channels of the sound as a mask, rate in Hz, and bytes of a sample. */
const SOUND = { chmask: 3, srate: 48_000, ssize: 2 } as const;
/** Any number that no standard request has. */
const VENDOR_CODE = 0xcd;
/** What Windows asks for first (Microsoft OS descriptors 1.0). */
const SIGNATURE = 'MSFT100';

/** A network card whose other end is here; undefined unless it is wanted. */
export function ethernetFunction({ devices: { ethernet } }: OtgOptions) {
  if (!ethernet.enabled) return undefined;
  const { driver, host_mac: host, kvm_mac: kvm } = ethernet;
  // RNDIS 5 is what Windows takes without being told.
  const kind = driver === 'rndis5' ? 'rndis' : driver;
  const dir = `functions/${kind}.usb0`;
  const compatible = COMPATIBLE[driver];
  const interfaceDir = `${dir}/os_desc/interface.${kind}`;
  const made: GadgetFunction = {
    ...{ name: `${kind}.usb0`, description: 'Ethernet', endpoints: 3, controls: [] },
    starter: ['otg', 'devices', 'ethernet', 'start'],
    start: ethernet.start,
    values: [
      ...(host === '' ? [] : [value(`${dir}/host_addr`, host)]),
      ...(kvm === '' ? [] : [value(`${dir}/dev_addr`, kvm)]),
      ...(compatible === undefined ? [] : [value(`${interfaceDir}/compatible_id`, compatible.id)]),
      ...(compatible?.subId === undefined
        ? []
        : [value(`${interfaceDir}/sub_compatible_id`, compatible.subId)]),
    ],
  };
  return made;
}

/** By what Windows finds a driver of its own. */
const COMPATIBLE: Readonly<
  Record<
    OtgOptions['devices']['ethernet']['driver'],
    { readonly id: string; readonly subId?: string } | undefined
  >
> = {
  ecm: undefined,
  eem: undefined,
  ncm: { id: 'WINNCM' },
  rndis: { id: 'RNDIS', subId: '5162001' },
  rndis5: undefined,
};

/** What the gadget tells Windows of its network card; empty where there is nothing to tell. */
export function osDescriptorValues({ devices: { ethernet } }: OtgOptions) {
  if (!ethernet.enabled || COMPATIBLE[ethernet.driver] === undefined) return [];
  return [
    value('os_desc/use', 1),
    value('os_desc/b_vendor_code', hex(VENDOR_CODE, 2)),
    value('os_desc/qw_sign', SIGNATURE),
  ];
}

/** A serial port; undefined unless it is wanted. */
export function serialFunction({ devices: { serial } }: OtgOptions): GadgetFunction | undefined {
  if (!serial.enabled) return undefined;
  return {
    ...{ name: 'acm.usb0', description: 'Serial Port', endpoints: 3, values: [], controls: [] },
    starter: ['otg', 'devices', 'serial', 'start'],
    start: serial.start,
  };
}

/** A sound card; undefined unless it is wanted and has a direction. */
export function audioFunction({ devices: { audio } }: OtgOptions): GadgetFunction | undefined {
  const directions = [
    { prefix: 'c', name: 'Speakers', isOn: audio.speakers.enabled },
    { prefix: 'p', name: 'Microphone', isOn: audio.mic.enabled },
  ];
  const on = directions.filter(({ isOn }) => isOn);
  if (!audio.enabled || on.length === 0) return undefined;
  const dir = 'functions/uac2.usb0';
  return {
    ...{ name: 'uac2.usb0', description: on.map(({ name }) => name).join('+') },
    ...{ endpoints: 1 + on.length, controls: [] },
    starter: ['otg', 'devices', 'audio', 'start'],
    start: audio.start,
    values: directions.flatMap(({ prefix, isOn }) =>
      isOn
        ? Object.entries(SOUND).map(([key, set]) => value(`${dir}/${prefix}_${key}`, set))
        : [value(`${dir}/${prefix}_chmask`, 0)],
    ),
  };
}
