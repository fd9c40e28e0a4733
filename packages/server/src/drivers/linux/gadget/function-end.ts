import { join } from 'node:path';
import { type GadgetSystem, gadgetDir } from './gadget-system.ts';

/** Our end of a function: `/dev/ttyGS0` of a serial port, the interface `usb0` of a network card. */
export async function ourEnd(system: GadgetSystem, name: string): Promise<string | undefined> {
  const port = await serialPort(system, name);
  if (port !== undefined) return port;
  const card = await read(system, name, 'ifname');
  // In brackets or with a `%d` it has no name yet.
  return card !== undefined && /^[^(%]+$/.test(card) ? card : undefined;
}

/** `/dev/ttyGS0` of a serial port; the kernel numbers them over all gadgets. */
export async function serialPort(system: GadgetSystem, name: string): Promise<string | undefined> {
  const port = await read(system, name, 'port_num');
  return port === undefined ? undefined : `/dev/ttyGS${port}`;
}

async function read(system: GadgetSystem, name: string, attribute: string) {
  const found = await system.configfs.read(join(gadgetDir(system), 'functions', name, attribute));
  return found?.toString().trim() || undefined;
}
