import { join } from 'node:path';
import { sleep } from '../../../core/sleep.ts';
import { serialPort } from './function-end.ts';
import { GadgetError } from './gadget-error.ts';
import { type GadgetSystem, gadgetDir } from './gadget-system.ts';

/** How long a program gets to let go of a port, which was hung up when the cable went, ms. */
const LET_GO_MS = 3000;
const POLL_MS = 50;

/**
 * Resolves when no program has a serial port of our gadget open. The kernel removes none before: whoever
 * asks it to waits where no signal ends it, and everybody else waits for configfs (Linux
 * drivers/usb/gadget/function/u_serial.c). Throws GadgetError with the programs after 3 s.
 */
export async function awaitClosedPorts(system: GadgetSystem): Promise<void> {
  const deadlineMs = performance.now() + LET_GO_MS;
  for (const name of (await system.configfs.list(join(gadgetDir(system), 'functions'))) ?? []) {
    const port = await serialPort(system, name);
    if (port === undefined) continue;
    for (;;) {
      const programs = await system.programsWith(port);
      if (programs.length === 0) break;
      if (performance.now() > deadlineMs) throw inUse(port, programs);
      await sleep(POLL_MS);
    }
  }
}

function inUse(port: string, programs: readonly string[]): GadgetError {
  const unit = `serial-getty@${port.slice('/dev/'.length)}`;
  return new GadgetError(
    `${port} is in use by ${programs.join(', ')}; end that first (a login: \`systemctl stop ${unit}\`)`,
  );
}
