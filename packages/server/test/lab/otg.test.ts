import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { planGadget } from '../../src/drivers/linux/gadget/gadget-plan.ts';
import { BOARD, GADGET, HOST, UDC } from './support/board.ts';
import { LabMachine } from './support/lab-machine.ts';
import { soon } from './support/soon.ts';

const META = '/run/crashcart-otg';
const none = { type: 'disabled' };
/** A serial port and a network card. With more the controller gives one endpoint's address twice. */
const CABLES = {
  kvmd: { ...BOARD.kvmd, hid: none, msd: none },
  otg: {
    ...{ init_delay: 0.1, max_power: 500, serial: 'LAB0001', config: 'Lab', user: '' },
    devices: {
      serial: { enabled: true },
      ethernet: { enabled: true, driver: 'ncm', host_mac: '02:00:00:00:00:01' },
    },
  },
};
/** Sound needs isochronous endpoints, which only the controller of USB/IP has; nothing is behind it. */
const SOUND = {
  kvmd: { ...BOARD.kvmd, hid: none, msd: none },
  otg: {
    ...{ init_delay: 0.1, udc: 'usbip-vudc.0' },
    devices: { audio: { enabled: true, speakers: { enabled: true } } },
  },
};

let machine: LabMachine;
beforeAll(async () => {
  machine = await LabMachine.start();
});
afterAll(() => machine?.[Symbol.asyncDispose]());

const exists = async (path: string) => (await machine.tryRun(['test', '-e', path])).code === 0;
const host = (attribute: string) => machine.text(`${HOST}/${attribute}`);

/** Where the gadget is not as planned, in the kernel's own words. */
async function differences(config: object): Promise<readonly string[]> {
  const { otg, kvmd } = configSchema.parse(config);
  const hid = kvmd.hid.type === 'otg' ? kvmd.hid : undefined;
  const found: string[] = [];
  const hasDrive = kvmd.msd.type === 'otg';
  for (const step of planGadget(otg, { hid, hasDrive }).steps) {
    const path = `${GADGET}/${step.path}`;
    if (step.kind !== 'value') {
      if (!(await exists(path))) found.push(path);
      continue;
    }
    const value = await machine.read(path).catch((error: { code?: string }) => error.code);
    if (value === 'ENOENT' && step.isOptional) continue;
    const shown = typeof step.value === 'string' ? String(value).replace(/[\n\0]+$/, '') : value;
    const isSame =
      typeof step.value === 'string'
        ? shown === step.value || isSameNumber(Number(shown), Number(step.value))
        : Buffer.from(step.value).equals(value as Buffer);
    if (!isSame) found.push(`${path}: ${String(shown)} is not ${String(step.value)}`);
  }
  return found;
}

/** This kernel shows the byte `b_vendor_code` with its sign. */
const isSameNumber = (shown: number, planned: number) =>
  shown === planned || (shown | 0) === (planned << 24) >> 24;

describe('crashcart otg', () => {
  it('says that there is no controller, and leaves nothing behind', async () => {
    const { code, err } = await machine.otg(BOARD, 'start');
    expect(code).toBe(1);
    expect(err).toContain('There is no USB device controller in /sys/class/udc');
    expect(await exists(GADGET)).toBe(false);
  });

  it('starts the gadget as planned, and the machine sees it', async () => {
    await machine.run(['modprobe', 'dummy_hcd']);
    const { code, out, err } = await machine.otg(BOARD, 'start');
    expect([code, out.toString(), err]).toEqual([0, 'The gadget is started\n', '']);
    expect(await differences(BOARD)).toEqual([]);
    await soon(async () => expect(await host('bConfigurationValue')).toBe('1'));
    expect({
      ids: `${await host('idVendor')}:${await host('idProduct')}`,
      version: `${await host('version')} ${await host('bcdDevice')}`,
      names: [await host('manufacturer'), await host('product'), await host('serial')],
      // Bus-powered with remote wake-up, four interfaces.
      power: [await host('bmAttributes'), await host('bMaxPower'), await host('bNumInterfaces')],
    }).toEqual({
      ids: '1d6b:0104',
      version: '2.00 0100',
      names: ['PiKVM', 'PiKVM Composite Device', 'CAFEBABE'],
      power: ['a0', '250mA', '4'],
    });
  });

  it('gives the controls to the user of the server, and devices their names', async () => {
    const lun = `${GADGET}/functions/mass_storage.usb0/lun.0`;
    const files = [`${GADGET}/UDC`, `${lun}/file`, `${lun}/forced_eject`];
    await machine.run(['udevadm', 'settle']);
    const names = ['keyboard', 'mouse', 'mouse-alt'].map((name) => `/dev/kvmd-hid-${name}`);
    const owners = await machine.run(['stat', '-Lc', '%U %G', ...files, ...names]);
    const expected = [
      ...files.map(() => 'crashcart crashcart'),
      ...names.map(() => 'root crashcart'),
    ];
    expect(owners.out.toString().trim().split('\n')).toEqual(expected);
  });

  it('leaves a gadget alone that runs already', async () => {
    const number = await host('devnum');
    const { code, out } = await machine.otg(BOARD, 'start');
    expect([code, out.toString()]).toEqual([0, 'The gadget runs already\n']);
    expect(await host('devnum')).toBe(number);
  });

  it('stops it without a trace', async () => {
    const { code, out } = await machine.otg(BOARD, 'stop');
    expect([code, out.toString()]).toEqual([0, 'The gadget is removed\n']);
    expect(await exists(GADGET)).toBe(false);
    await soon(async () => expect(await exists(HOST)).toBe(false));
    expect((await machine.run(['ls', META])).out.toString()).toBe('');
  });

  it('names the gadget that has the controller, and leaves that one alone', async () => {
    const other = GADGET.replace('kvmd', 'other');
    const script = `set -e; mkdir -p ${other}/configs/c.1 ${other}/functions/acm.gs0
      ln -s ${other}/functions/acm.gs0 ${other}/configs/c.1/; echo ${UDC} > ${other}/UDC`;
    await machine.run(['sh', '-c', script]);
    const { code, err } = await machine.otg(BOARD, 'start');
    expect([code, err]).toEqual([
      ...[1, `The USB device controller ${UDC} belongs to the gadget "other"\n`],
    ]);
    expect(await exists(GADGET)).toBe(false);
    expect(await machine.text(`${other}/UDC`)).toBe(UDC);
    await machine.write(`${other}/UDC`, '\n');
  });
});

describe('a gadget of cables', () => {
  it('starts as planned, is known again, and stops', async () => {
    const { code, err } = await machine.otg(CABLES, 'start');
    expect([code, err]).toEqual([0, '']);
    expect(await differences(CABLES)).toEqual([]);
    const { out } = await machine.loadedOtg(CABLES, 'start');
    expect(out).toBe('The gadget runs already\n');
    expect([await host('bMaxPower'), await host('serial')]).toEqual(['500mA', 'LAB0001']);
    expect(await host('configuration')).toBe('Lab');
  });

  it('has a serial port for the machine, and a network card with its address', async () => {
    await soon(async () => expect(await exists('/dev/ttyACM0')).toBe(true));
    expect(await exists('/dev/ttyGS0')).toBe(true);
    await soon(async () => {
      const { out } = await machine.run(['sh', '-c', 'cat /sys/class/net/*/address']);
      expect(out.toString()).toContain('02:00:00:00:00:01');
    });
    expect((await machine.loadedOtg(CABLES, 'stop')).code).toBe(0);
    expect(await exists(GADGET)).toBe(false);
  });
});

it('is a sound card, on the controller that the configuration names', async () => {
  await machine.run(['modprobe', 'usbip-vudc']);
  const { code, err } = await machine.otg(SOUND, 'start');
  expect([code, err]).toEqual([0, '']);
  expect(await differences(SOUND)).toEqual([]);
  expect(await machine.text(`${GADGET}/UDC`)).toBe(SOUND.otg.udc);
  expect(await machine.text('/proc/asound/cards')).toContain('UAC2_Gadget');
  expect((await machine.loadedOtg(SOUND, 'stop')).code).toBe(0);
  expect(await machine.text('/proc/asound/cards')).not.toContain('UAC2_Gadget');
});
