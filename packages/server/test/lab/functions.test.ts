import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { boardOf, GADGET, startGadget, stopGadget } from './support/board.ts';
import { LabMachine } from './support/lab-machine.ts';
import { crossNetwork, type NetworkCable, plugNetwork } from './support/network-cable.ts';
import { osDescriptors } from './support/os-descriptors.ts';
import { crossSerial } from './support/serial-cable.ts';
import { soon } from './support/soon.ts';

let machine: LabMachine;
beforeAll(async () => {
  machine = await LabMachine.start({ modules: [['dummy_hcd']] });
});
afterAll(() => machine?.[Symbol.asyncDispose]());

const SERIAL = boardOf({ serial: { enabled: true } });

describe('a serial port', () => {
  /** As an operator finds it. */
  const ourEnd = async () => {
    const { out } = await machine.loadedOtg(SERIAL, 'status', '--json');
    return JSON.parse(out).functions[0].device;
  };

  it('passes bytes both ways at once', async () => {
    onTestFinished(() => stopGadget(machine));
    await startGadget(machine, SERIAL);
    expect(await ourEnd()).toBe('/dev/ttyGS0');
    await crossSerial(machine, '/dev/ttyACM0', '/dev/ttyGS0');
  });

  it('has the next number when another gadget has a port', async () => {
    const other = GADGET.replace('kvmd', 'other');
    onTestFinished(async () => {
      await stopGadget(machine);
      await machine.run(['rmdir', `${other}/functions/acm.gs0`, other]);
    });
    await machine.run(['mkdir', '-p', `${other}/functions/acm.gs0`]);
    await startGadget(machine, SERIAL);
    expect(await ourEnd()).toBe('/dev/ttyGS1');
    await crossSerial(machine, '/dev/ttyACM0', '/dev/ttyGS1');
  });
});

describe('a serial port that a program has open', () => {
  const open = async (argv: string) => {
    const program = machine.spawn(['sh', '-c', `exec ${argv} < /dev/ttyGS0`]);
    const pid = await program.pid;
    const link = `/proc/${pid}/fd/0`;
    await soon(async () => {
      const { out } = await machine.run(['readlink', link]);
      expect(out.toString()).toBe('/dev/ttyGS0\n');
    });
    return { program, pid };
  };
  beforeEach(async () => {
    await startGadget(machine, SERIAL);
    await soon(() => machine.run(['test', '-c', '/dev/ttyACM0']));
  });

  it('is hung up when the gadget is removed', async () => {
    const { program } = await open('cat');
    await stopGadget(machine);
    expect((await program.ended).out.toString()).toBe('');
  });

  it('is not removed while the program keeps it', async () => {
    const { program, pid } = await open('sleep infinity');
    onTestFinished(async () => {
      await program[Symbol.asyncDispose]();
      await stopGadget(machine);
    });
    // With what its unit may do, which has to find out whose the port is.
    const { code, err } = await machine.otg(SERIAL, 'stop');
    expect([code, err]).toEqual([1, expect.stringContaining(`in use by sleep (${pid}); end that`)]);
    // The kernel lets nobody wait.
    expect(await machine.text(`${GADGET}/UDC`)).toBe('');
  });
});

/** By which driver Linux takes each kind of network card, and what Windows is told. */
const CARDS = [
  { kind: 'ecm', driver: 'cdc_ether', windows: undefined },
  { kind: 'eem', driver: 'cdc_eem', windows: undefined },
  { kind: 'ncm', driver: 'cdc_ncm', windows: { id: 'WINNCM', subId: '' } },
  { kind: 'rndis', driver: 'rndis_host', windows: { id: 'RNDIS', subId: '5162001' } },
  { kind: 'rndis5', driver: 'rndis_host', windows: undefined },
];

describe.each(CARDS)('a network card of kind $kind', ({ kind, driver, windows }) => {
  const addresses = { host_mac: '02:00:00:00:00:01', kvm_mac: '02:00:00:00:00:02' };
  let cable: NetworkCable;
  beforeAll(async () => {
    await startGadget(
      machine,
      boardOf({ ethernet: { enabled: true, driver: kind, ...addresses } }),
    );
    cable = await plugNetwork(machine);
  });
  afterAll(() => stopGadget(machine));

  it('has the addresses of the configuration at both ends', () => {
    expect(cable).toMatchObject({ driver, kvmMac: addresses.kvm_mac });
    // EEM has no word for it: the machine makes one up.
    if (kind !== 'eem') expect(cable.hostMac).toBe(addresses.host_mac);
  });

  it('passes packets both ways', async () => {
    await crossNetwork(machine);
  });

  it('tells Windows of a driver where Windows has one', async () => {
    expect(await osDescriptors(machine)).toEqual(
      windows && { signature: 'MSFT100', functions: [{ interface: 0, ...windows }] },
    );
  });
});
