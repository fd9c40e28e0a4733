import { join } from 'node:path';
import { type Configfs, kernelConfigfs } from '../../../platform/configfs.ts';
import { loadKernelModule } from '../../../platform/kernel-module.ts';
import { programsWith } from '../../../platform/open-files.ts';
import { GadgetError } from './gadget-error.ts';

/** Where gadgets are made. */
export interface GadgetSystem {
  readonly configfs: Configfs;
  /** Where configfs is mounted. */
  readonly configDir: string;
  /** Where /sys is. */
  readonly sysDir: string;
  /** Loads a module of the kernel; the result says why it could not. */
  loadModule(name: string, signal: AbortSignal): Promise<string | undefined>;
  /** Which programs have a device open. */
  programsWith(path: string): Promise<readonly string[]>;
}

/** This kernel. */
export const kernelGadgets: GadgetSystem = {
  configfs: kernelConfigfs,
  configDir: '/sys/kernel/config',
  sysDir: '/sys',
  loadModule: loadKernelModule,
  programsWith: (path) => programsWith(path),
};

const MODULE = 'libcomposite';

/** Name of the gadget, as PiKVM's: what drivers and PiKVM's tools look for. */
const GADGET = 'kvmd';

/** The directory that holds all gadgets. */
export function gadgetsDir({ configDir }: GadgetSystem): string {
  return join(configDir, 'usb_gadget');
}

/** The directory of our gadget. */
export function gadgetDir(system: GadgetSystem): string {
  return join(gadgetsDir(system), GADGET);
}

/** Makes the kernel offer gadgets; throws GadgetError where it does not. */
export async function offerGadgets(system: GadgetSystem, signal: AbortSignal): Promise<void> {
  const { configfs, configDir } = system;
  if ((await configfs.list(gadgetsDir(system))) !== undefined) return;
  const failure = await system.loadModule(MODULE, signal);
  if ((await configfs.list(gadgetsDir(system))) !== undefined) return;
  if (failure !== undefined) {
    throw new GadgetError(`The kernel has no USB gadgets (module ${MODULE}): ${failure}`);
  }
  throw new GadgetError(
    `configfs is not mounted at ${configDir}: mount -t configfs none ${configDir}`,
  );
}
