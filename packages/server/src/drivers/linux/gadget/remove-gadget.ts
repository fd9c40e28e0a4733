import { join } from 'node:path';
import { isSystemError } from '../../../platform/files.ts';
import { type GadgetSystem, gadgetDir } from './gadget-system.ts';
import { awaitClosedPorts } from './open-ports.ts';
import { boundController } from './usb-controller.ts';

/**
 * Takes our gadget from the machine and removes it, whatever of it is there and whoever made it.
 * configfs wants what refers to another thing gone before that, and empty directories. Throws GadgetError,
 * with the gadget there but bound to nothing, when a program keeps one of its serial ports.
 */
export async function removeGadget(system: GadgetSystem): Promise<void> {
  const { configfs } = system;
  const dir = gadgetDir(system);
  const list = async (path: string) =>
    ((await configfs.list(path)) ?? []).map((name) => join(path, name));
  const removeDirs = async (path: string) => {
    for (const each of await list(path)) await configfs.removeDir(each);
  };
  const removeLinks = async (path: string) => {
    for (const each of await list(path))
      if (await configfs.isLink(each)) await configfs.unlink(each);
  };
  await unbind(system);
  await awaitClosedPorts(system);
  await removeLinks(join(dir, 'os_desc'));
  for (const configuration of await list(join(dir, 'configs'))) {
    await removeLinks(configuration);
    await removeDirs(join(configuration, 'strings'));
    await configfs.removeDir(configuration);
  }
  await removeDirs(join(dir, 'functions'));
  await removeDirs(join(dir, 'strings'));
  await configfs.removeDir(dir);
}

async function unbind(system: GadgetSystem): Promise<void> {
  if ((await boundController(system)) === undefined) return;
  try {
    await system.configfs.write(join(gadgetDir(system), 'UDC'), '\n');
  } catch (error) {
    // The controller itself has gone meanwhile.
    if (!isSystemError(error, 'ENODEV')) throw error;
  }
}
