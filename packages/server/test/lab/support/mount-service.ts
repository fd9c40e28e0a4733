import { fileURLToPath } from 'node:url';
import { MOUNT_SERVICE } from '../../../src/platform/mount-service.ts';
import type { GuestProcess } from './lab-agent.ts';
import type { LabMachine } from './lab-machine.ts';
import { soon } from './soon.ts';

const MAIN = fileURLToPath(new URL('../../../bundle/main.js', import.meta.url));

/** What crashcart-nbdfuse.socket does, without systemd as the first process; resolves when it listens. */
export async function startMountService(machine: LabMachine): Promise<GuestProcess> {
  const asUser = ['setpriv', '--reuid=crashcart', '--regid=crashcart', '--clear-groups'];
  const listen = ['systemd-socket-activate', `--listen=${MOUNT_SERVICE}`, '--accept', '--inetd'];
  const argv = [...asUser, ...listen, process.execPath, MAIN, 'nbdfuse'];
  const service = machine.spawn(argv);
  await soon(() => machine.run(['test', '-S', MOUNT_SERVICE]));
  return service;
}
