import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { GADGET, HOST } from './board.ts';
import type { LabMachine } from './lab-machine.ts';
import { soon } from './soon.ts';

const PEER = fileURLToPath(new URL('../guest/tcp-peer.mjs', import.meta.url));
/** The machine's own network: in one that both share no packet would leave the kernel. */
const NAMESPACE = 'machine';
const BOARD_ADDRESS = '10.99.0.1';
const MACHINE_ADDRESS = '10.99.0.2';
const PORT = '5000';
const BYTES = 256 << 10;

/** The network between the gadget's card and the machine's. */
export interface NetworkCable {
  /** By which driver the machine has taken its card. */
  readonly driver: string;
  /** Hardware address of the machine's card. */
  readonly hostMac: string;
  /** Hardware address of ours. */
  readonly kvmMac: string;
}

/** Gives both cards of the gadget's network their addresses. */
export async function plugNetwork(machine: LabMachine): Promise<NetworkCable> {
  const find = async (pattern: string) => {
    const { out } = await machine.run(['sh', '-c', `ls -d ${pattern}`]);
    return out.toString().trim();
  };
  await soon(() => find(`${HOST}:1.*/net/*`));
  // udev gives it another name.
  await machine.run(['udevadm', 'settle']);
  const there = await find(`${HOST}:1.*/net/*`);
  const here = `/sys/class/net/${await machine.text(await find(`${GADGET}/functions/*/ifname`))}`;
  const driver = await machine.run(['readlink', `${there}/device/driver`]);
  const cable = {
    driver: basename(driver.out.toString().trim()),
    hostMac: await machine.text(`${there}/address`),
    kvmMac: await machine.text(`${here}/address`),
  };
  const script = `set -e
    [ -e /run/netns/${NAMESPACE} ] || ip netns add ${NAMESPACE}
    ip link set ${basename(there)} netns ${NAMESPACE}
    ip -n ${NAMESPACE} address add ${MACHINE_ADDRESS}/24 dev ${basename(there)}
    ip -n ${NAMESPACE} link set ${basename(there)} up
    ip address add ${BOARD_ADDRESS}/24 dev ${basename(here)}
    ip link set ${basename(here)} up`;
  await machine.run(['sh', '-c', script]);
  return cable;
}

/** Passes 256 KiB each way over one connection of TCP, which the machine opens. */
export async function crossNetwork(machine: LabMachine): Promise<void> {
  const toMachine = randomBytes(BYTES);
  const toBoard = randomBytes(BYTES);
  const peer = [process.execPath, PEER, PORT];
  await using board = machine.spawn(peer, { input: toMachine });
  await new Promise<void>((resolve, reject) => {
    board.onOutput((_piece, stream) => stream === 'stderr' && resolve());
    board.ended.then(({ err }) => reject(new Error(err)), reject);
  });
  const inside = ['ip', 'netns', 'exec', NAMESPACE];
  const there = await machine.run([...inside, ...peer, BOARD_ADDRESS], { input: toBoard });
  const here = await board.ended;
  expect([there.out.length, here.out.length, here.code]).toEqual([BYTES, BYTES, 0]);
  expect([there.out.equals(toMachine), here.out.equals(toBoard)]).toEqual([true, true]);
}
