import {
  audioFunction,
  ethernetFunction,
  osDescriptorValues,
  serialFunction,
} from './cable-functions.ts';
import type { GadgetParts, OtgOptions } from './gadget-options.ts';
import { type GadgetFunction, type GadgetStep, hex, value } from './gadget-step.ts';
import { hidFunctions } from './hid-functions.ts';
import { storageFunctions } from './storage-functions.ts';

/** Where the functions that the machine sees are linked, as in PiKVM's gadget. */
export const CONFIGURATION = 'configs/c.1';
/** English. */
const LANGUAGE = 'strings/0x409';
/** Bus-powered, with remote wake-up (USB 2.0, 9.6.3). */
const REMOTE_WAKEUP = 0xa0;

/** A function and whether the machine sees it from the start. */
export type PlannedFunction = GadgetFunction & {
  readonly isLinked: boolean;
  /** It would start, but the endpoints are used up. */
  readonly isCrowdedOut: boolean;
};

/** All that makes a gadget, as data. */
export interface GadgetPlan {
  /** In this order. */
  readonly steps: readonly GadgetStep[];
  readonly functions: readonly PlannedFunction[];
  /** For the user who runs the server, once the gadget is bound. */
  readonly controls: readonly string[];
}

/** PiKVM's gadget for these options; one without functions when nothing is wanted. */
export function planGadget(options: OtgOptions, { hid, hasDrive }: GadgetParts): GadgetPlan {
  const functions = withinBudget(options.endpoints, [
    ...(hid ? hidFunctions(options, hid) : []),
    ...(hasDrive ? storageFunctions(options) : []),
    ...[ethernetFunction(options), serialFunction(options), audioFunction(options)].filter(
      (each) => each !== undefined,
    ),
  ]);
  return {
    steps: [...deviceSteps(options), ...functions.flatMap(functionSteps), ...osSteps(options)],
    functions,
    controls: ['UDC', CONFIGURATION, ...functions.flatMap(({ controls }) => controls)],
  };
}

/** A function that does not fit is left out; a smaller one behind it may still fit. */
function withinBudget(endpoints: number, functions: readonly GadgetFunction[]) {
  let left = endpoints;
  return functions.map((each): PlannedFunction => {
    const isLinked = each.start && each.endpoints <= left;
    if (isLinked) left -= each.endpoints;
    return { ...each, isLinked, isCrowdedOut: each.start && !isLinked };
  });
}

function deviceSteps(options: OtgOptions): readonly GadgetStep[] {
  const { serial, config } = options;
  const configStrings = `${CONFIGURATION}/${LANGUAGE}`;
  return [
    value('idVendor', hex(options.vendor_id)),
    value('idProduct', hex(options.product_id)),
    value('bcdUSB', hex(options.usb_version)),
    value('bcdDevice', hex(deviceVersion(options))),
    { kind: 'directory', path: LANGUAGE },
    ...text(`${LANGUAGE}/manufacturer`, options.manufacturer),
    ...text(`${LANGUAGE}/product`, options.product),
    ...text(`${LANGUAGE}/serialnumber`, serial),
    { kind: 'directory', path: CONFIGURATION },
    ...(config === '' ? [] : [{ kind: 'directory', path: configStrings } as const]),
    ...text(`${configStrings}/configuration`, config),
    value(`${CONFIGURATION}/MaxPower`, options.max_power),
    ...(options.remote_wakeup
      ? [value(`${CONFIGURATION}/bmAttributes`, hex(REMOTE_WAKEUP, 2))]
      : []),
  ];
}

/** A string that is empty is not there. */
function text(path: string, given: string): readonly GadgetStep[] {
  return given === '' ? [] : [value(path, given)];
}

/** Windows keeps what it knows of a device by its version: other network cards get another one. */
function deviceVersion({ device_version, devices: { ethernet } }: OtgOptions): number {
  if (device_version >= 0) return device_version;
  if (!ethernet.enabled) return 0x0100;
  if (ethernet.driver === 'ncm') return 0x0102;
  return ethernet.driver === 'rndis' ? 0x0101 : 0x0100;
}

function functionSteps({ name, values, isLinked }: PlannedFunction): readonly GadgetStep[] {
  const path = `functions/${name}`;
  const link: GadgetStep = { kind: 'link', path: `${CONFIGURATION}/${name}`, target: path };
  return [{ kind: 'directory', path }, ...values, ...(isLinked ? [link] : [])];
}

function osSteps(options: OtgOptions): readonly GadgetStep[] {
  const values = osDescriptorValues(options);
  if (values.length === 0) return [];
  return [...values, { kind: 'link', path: 'os_desc/c.1', target: CONFIGURATION }];
}

/** The plan as lines for people. */
export function describePlan({ steps }: GadgetPlan): string {
  return steps.map((step) => `${describeStep(step)}\n`).join('');
}

function describeStep(step: GadgetStep): string {
  switch (step.kind) {
    case 'directory':
      return `mkdir ${step.path}`;
    case 'link':
      return `link  ${step.path} -> ${step.target}`;
    case 'value': {
      const { path, value: given, isOptional } = step;
      const shown = typeof given === 'string' ? given : Buffer.from(given).toString('hex');
      return `write ${path} ${shown}${isOptional ? ' (where the kernel has it)' : ''}`;
    }
  }
}
