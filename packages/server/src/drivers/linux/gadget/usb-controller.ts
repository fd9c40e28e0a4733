import { join } from 'node:path';
import { isSystemError } from '../../../platform/files.ts';
import { listSystemDir, readSystemText } from '../../../platform/system-files.ts';
import { GadgetError, reasonOf } from './gadget-error.ts';
import { type GadgetSystem, gadgetDir, gadgetsDir } from './gadget-system.ts';

/** What the kernel says of a controller, e.g. `configured` and `high-speed`. */
export interface ControllerState {
  readonly state: string;
  readonly speed: string;
}

/** The controller of this name, the first one for an empty name; throws GadgetError without it. */
export async function findController({ sysDir }: GadgetSystem, wanted: string): Promise<string> {
  const dir = join(sysDir, 'class/udc');
  const names = (await listSystemDir(dir)) ?? [];
  const [first] = names;
  if (first === undefined) {
    throw new GadgetError(
      `There is no USB device controller in ${dir}: its driver (dwc2 on a Raspberry Pi) is not loaded, or the board has none`,
    );
  }
  if (wanted === '' || names.includes(wanted)) return wanted || first;
  throw new GadgetError(
    `There is no USB device controller "${wanted}" (otg.udc), but ${names.join(', ')}`,
  );
}

/** Who has a controller: the name of a gadget, or what an older driver says; undefined: nobody. */
export async function holderOf(system: GadgetSystem, udc: string): Promise<string | undefined> {
  const { configfs, sysDir } = system;
  for (const name of (await configfs.list(gadgetsDir(system))) ?? []) {
    const bound = await configfs.read(join(gadgetsDir(system), name, 'UDC'));
    if (bound?.toString().trim() === udc) return name;
  }
  return (await readSystemText(join(sysDir, 'class/udc', udc, 'function')))?.trim() || undefined;
}

/** Throws GadgetError when somebody has the controller. */
export async function requireFree(system: GadgetSystem, udc: string): Promise<void> {
  const holder = await holderOf(system, udc);
  if (holder === undefined) return;
  throw new GadgetError(`The USB device controller ${udc} belongs to the gadget "${holder}"`);
}

/** The controller that our gadget is bound to; undefined: none. */
export async function boundController(system: GadgetSystem): Promise<string | undefined> {
  const text = await system.configfs.read(join(gadgetDir(system), 'UDC'));
  return text?.toString().trim() || undefined;
}

/** Gives our gadget to a controller: the machine sees it from now on. */
export async function bind(system: GadgetSystem, udc: string): Promise<void> {
  try {
    await system.configfs.write(join(gadgetDir(system), 'UDC'), udc);
  } catch (error) {
    if (isSystemError(error, 'EBUSY')) await requireFree(system, udc);
    // The kernel tells its log why.
    const hint = `${reasonOf(error)}; has it fewer endpoints than otg.endpoints? \`dmesg\` tells`;
    throw new GadgetError(`The USB device controller ${udc} refuses the gadget: ${hint}`, {
      cause: error,
    });
  }
}

/** What the machine makes of it. */
export async function controllerState(
  { sysDir }: GadgetSystem,
  udc: string,
): Promise<ControllerState> {
  const read = async (name: string) =>
    (await readSystemText(join(sysDir, 'class/udc', udc, name)))?.trim() ?? '';
  return { state: await read('state'), speed: await read('current_speed') };
}
