import { describe, expect, it } from 'vitest';
import { configSchema, machinesOf } from '../../../config/schema.ts';
import { keyboardDescriptor, mouseDescriptor } from '../../../protocols/hid-descriptor.ts';
import { inGadgetOrder } from './function-order.ts';
import type { GadgetParts } from './gadget-options.ts';
import { describePlan, planGadget } from './gadget-plan.ts';

/** As the command makes it of a configuration of these sections. */
function plan(otg: object = {}, hid: object | false = {}, hasDrive = true) {
  const config = configSchema.parse({
    otg,
    kvmd: { hid: { type: hid ? 'otg' : 'disabled', ...hid } },
  });
  const found = machinesOf(config).get('default')?.hid;
  const parts: GadgetParts = { hid: found?.type === 'otg' ? found : undefined, hasDrive };
  return planGadget(config.otg, parts);
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const linesOf = (...given: Parameters<typeof plan>) =>
  describePlan(plan(...given))
    .split('\n')
    .slice(0, -1);
const below = (lines: readonly string[], path: string) =>
  lines.filter((line) => line.split(' ').some((word) => word.startsWith(path)));
const linked = (...given: Parameters<typeof plan>) =>
  plan(...given).functions.map(({ name, isLinked }) => `${isLinked ? '+' : '-'}${name}`);

const KEYBOARD = hex(keyboardDescriptor().reportDescriptor);
const MOUSE = (kind: 'absolute' | 'relative', horizontalWheel: boolean) =>
  hex(mouseDescriptor({ kind, horizontalWheel }).reportDescriptor);

const MAYBE = '(where the kernel has it)';

describe('the plan of a gadget', () => {
  it('is PiKVM’s by default, in its order', () => {
    expect(linesOf()).toEqual([
      ...['write idVendor 0x1d6b', 'write idProduct 0x0104'],
      ...['write bcdUSB 0x0200', 'write bcdDevice 0x0100'],
      'mkdir strings/0x409',
      'write strings/0x409/manufacturer PiKVM',
      'write strings/0x409/product PiKVM Composite Device',
      'write strings/0x409/serialnumber CAFEBABE',
      'mkdir configs/c.1',
      'write configs/c.1/MaxPower 250',
      'write configs/c.1/bmAttributes 0xa0',
      'mkdir functions/hid.usb0',
      `write functions/hid.usb0/no_out_endpoint 1 ${MAYBE}`,
      `write functions/hid.usb0/wakeup_on_write 1 ${MAYBE}`,
      'write functions/hid.usb0/protocol 1',
      'write functions/hid.usb0/subclass 1',
      'write functions/hid.usb0/report_length 8',
      `write functions/hid.usb0/report_desc ${KEYBOARD}`,
      'link  configs/c.1/hid.usb0 -> functions/hid.usb0',
      'mkdir functions/hid.usb1',
      `write functions/hid.usb1/no_out_endpoint 1 ${MAYBE}`,
      `write functions/hid.usb1/wakeup_on_write 1 ${MAYBE}`,
      'write functions/hid.usb1/protocol 0',
      'write functions/hid.usb1/subclass 0',
      'write functions/hid.usb1/report_length 7',
      `write functions/hid.usb1/report_desc ${MOUSE('absolute', true)}`,
      'link  configs/c.1/hid.usb1 -> functions/hid.usb1',
      'mkdir functions/hid.usb2',
      `write functions/hid.usb2/no_out_endpoint 1 ${MAYBE}`,
      `write functions/hid.usb2/wakeup_on_write 1 ${MAYBE}`,
      'write functions/hid.usb2/protocol 2',
      'write functions/hid.usb2/subclass 1',
      'write functions/hid.usb2/report_length 5',
      `write functions/hid.usb2/report_desc ${MOUSE('relative', true)}`,
      'link  configs/c.1/hid.usb2 -> functions/hid.usb2',
      'mkdir functions/mass_storage.usb0',
      'write functions/mass_storage.usb0/stall 0',
      'write functions/mass_storage.usb0/lun.0/cdrom 1',
      'write functions/mass_storage.usb0/lun.0/ro 1',
      'write functions/mass_storage.usb0/lun.0/removable 1',
      'write functions/mass_storage.usb0/lun.0/nofua 0',
      `write functions/mass_storage.usb0/lun.0/inquiry_string_cdrom PiKVM   Optical Drive   1.00 ${MAYBE}`,
      'write functions/mass_storage.usb0/lun.0/inquiry_string PiKVM   Flash Drive     1.00',
      'link  configs/c.1/mass_storage.usb0 -> functions/mass_storage.usb0',
    ]);
  });

  it('says what the functions are and who gets which controls', () => {
    const { functions, controls } = plan();
    expect(
      functions.map(({ name, description, endpoints, starter }) => [
        ...[name, description, endpoints, starter.join('.')],
      ]),
    ).toEqual([
      ['hid.usb0', 'Keyboard', 1, 'otg.devices.hid.keyboard.start'],
      ['hid.usb1', 'Absolute Mouse', 1, 'otg.devices.hid.mouse.start'],
      ['hid.usb2', 'Relative Mouse', 1, 'otg.devices.hid.mouse_alt.start'],
      ['mass_storage.usb0', 'Mass Storage Drive', 2, 'otg.devices.msd.start'],
    ]);
    const lun = 'functions/mass_storage.usb0/lun.0';
    expect(controls).toEqual([
      ...['UDC', 'configs/c.1', `${lun}/cdrom`, `${lun}/ro`, `${lun}/file`, `${lun}/forced_eject`],
    ]);
  });

  it('has mice as the driver writes them', () => {
    const hid = { mouse: { absolute: false, horizontal_wheel: false } };
    const lines = linesOf({}, hid);
    expect(lines).toContain(`write functions/hid.usb1/report_desc ${MOUSE('relative', false)}`);
    expect(lines).toContain(`write functions/hid.usb2/report_desc ${MOUSE('absolute', true)}`);
    expect(below(lines, 'functions/hid.usb1/report_length')).toEqual([
      'write functions/hid.usb1/report_length 4',
    ]);
    expect(linked({}, { mouse_alt: { device: '' } })).toEqual([
      ...['+hid.usb0', '+hid.usb1', '+mass_storage.usb0'],
    ]);
  });

  it('takes identity and power from the configuration; what is empty is not written', () => {
    const lines = linesOf({
      ...{ vendor_id: 0x46d, product_id: '0xc31c', device_version: 0x6400, usb_version: 0x110 },
      ...{ manufacturer: 'Löw', product: 'Board', serial: null, config: 'Main' },
      ...{ max_power: 500, remote_wakeup: false },
    });
    expect(lines.slice(0, 11)).toEqual([
      ...['write idVendor 0x046d', 'write idProduct 0xc31c'],
      ...['write bcdUSB 0x0110', 'write bcdDevice 0x6400'],
      'mkdir strings/0x409',
      ...['write strings/0x409/manufacturer Löw', 'write strings/0x409/product Board'],
      'mkdir configs/c.1',
      'mkdir configs/c.1/strings/0x409',
      'write configs/c.1/strings/0x409/configuration Main',
      'write configs/c.1/MaxPower 500',
    ]);
    expect(lines.filter((line) => /wakeup|bmAttributes|serial/.test(line))).toEqual([]);
    // SCSI knows ASCII only.
    expect(lines).toContain(
      'write functions/mass_storage.usb0/lun.0/inquiry_string L?w     Flash Drive     1.00',
    );
  });

  it('puts a first image in last: the kind of a full drive cannot be changed', () => {
    const drive = { file: '/a.iso', cdrom: false, rw: true, stall: true, removable: false };
    const vendor = { vendor: 'A vendor of many letters', product: 'P', revision: '12345' };
    const given = { ...drive, fua: false, inquiry_string: { flash: vendor } };
    const lines = linesOf({ devices: { msd: { default: given } } });
    expect(below(lines, 'functions/mass_storage.usb0/')).toEqual([
      'write functions/mass_storage.usb0/stall 1',
      'write functions/mass_storage.usb0/lun.0/cdrom 0',
      'write functions/mass_storage.usb0/lun.0/ro 0',
      'write functions/mass_storage.usb0/lun.0/removable 0',
      'write functions/mass_storage.usb0/lun.0/nofua 1',
      `write functions/mass_storage.usb0/lun.0/inquiry_string_cdrom PiKVM   Optical Drive   1.00 ${MAYBE}`,
      'write functions/mass_storage.usb0/lun.0/inquiry_string A vendorP               1234',
      'write functions/mass_storage.usb0/lun.0/file /a.iso',
    ]);
  });

  it('leaves out what is used elsewhere, and all of it when nothing is wanted', () => {
    expect(linked({}, {}, false)).toEqual(['+hid.usb0', '+hid.usb1', '+hid.usb2']);
    expect(linked({}, false, true)).toEqual(['+mass_storage.usb0']);
    expect(plan({}, false, false).functions).toEqual([]);
  });

  const ALL = {
    ...{ ethernet: { enabled: true }, serial: { enabled: true } },
    audio: { enabled: true, speakers: { enabled: true } },
    drives: { enabled: true, count: 2 },
  };

  it('has further functions behind, and keeps to the endpoints', () => {
    expect(linked({ endpoints: 18, devices: ALL })).toEqual([
      ...['+hid.usb0', '+hid.usb1', '+hid.usb2'],
      ...['+mass_storage.usb0', '+mass_storage.usb1', '+mass_storage.usb2'],
      ...['+ecm.usb0', '+acm.usb0', '+uac2.usb0'],
    ]);
    // 3 + 2 + 2 + 2 of 9.
    expect(linked({ devices: ALL })).toEqual([
      ...['+hid.usb0', '+hid.usb1', '+hid.usb2'],
      ...['+mass_storage.usb0', '+mass_storage.usb1', '+mass_storage.usb2'],
      ...['-ecm.usb0', '-acm.usb0', '-uac2.usb0'],
    ]);
    const { functions } = plan({ endpoints: 8, devices: ALL });
    const out = functions.filter(({ isCrowdedOut }) => isCrowdedOut).map(({ name }) => name);
    expect(out).toEqual(['mass_storage.usb2', 'ecm.usb0', 'acm.usb0', 'uac2.usb0']);
  });

  it('makes what does not start, but does not link it', () => {
    const devices = { ...ALL, hid: { mouse: { start: false } }, msd: { start: false } };
    const made = plan({ endpoints: 20, devices });
    const idle = made.functions.filter(({ isLinked }) => !isLinked);
    expect(idle.map(({ name, isCrowdedOut }) => [name, isCrowdedOut])).toEqual([
      ['hid.usb1', false],
      ['mass_storage.usb0', false],
    ]);
    const lines = describePlan(made);
    expect(lines).toContain('mkdir functions/hid.usb1\n');
    expect(lines).not.toContain('configs/c.1/hid.usb1');
  });

  it('says of extra drives that they are writable flash drives', () => {
    const lines = linesOf({ devices: { drives: { enabled: true } } });
    expect(below(lines, 'functions/mass_storage.usb1/lun.0/')).toEqual(
      expect.arrayContaining([
        'write functions/mass_storage.usb1/lun.0/cdrom 0',
        'write functions/mass_storage.usb1/lun.0/ro 0',
      ]),
    );
    const { functions, controls } = plan({ devices: { drives: { enabled: true } } });
    expect(functions.at(-1)?.description).toBe('Extra Drive #1');
    expect(controls.join()).not.toContain('mass_storage.usb1');
  });

  it.each([
    ['ecm', 'ecm.usb0', '0x0100', undefined, []],
    ['eem', 'eem.usb0', '0x0100', undefined, []],
    ['rndis5', 'rndis.usb0', '0x0100', undefined, []],
    ['ncm', 'ncm.usb0', '0x0102', 'ncm', ['compatible_id WINNCM']],
    [
      'rndis',
      'rndis.usb0',
      '0x0101',
      'rndis',
      ['compatible_id RNDIS', 'sub_compatible_id 5162001'],
    ],
  ])(
    'a network card %s is %s and says to Windows what it is',
    (driver, name, version, id, told) => {
      const macs = { host_mac: '02:00:00:00:00:0A', kvm_mac: '02:00:00:00:00:0b' };
      const lines = linesOf({ devices: { ethernet: { enabled: true, driver, ...macs } } });
      expect(lines[3]).toBe(`write bcdDevice ${version}`);
      expect(below(lines, `functions/${name}`)).toEqual([
        `mkdir functions/${name}`,
        `write functions/${name}/host_addr 02:00:00:00:00:0a`,
        `write functions/${name}/dev_addr 02:00:00:00:00:0b`,
        ...told.map((each) => `write functions/${name}/os_desc/interface.${id}/${each}`),
        `link  configs/c.1/${name} -> functions/${name}`,
      ]);
      const windows = ['use 1', 'b_vendor_code 0xcd', 'qw_sign MSFT100'];
      expect(below(lines, 'os_desc/')).toEqual(
        id === undefined
          ? []
          : [...windows.map((each) => `write os_desc/${each}`), 'link  os_desc/c.1 -> configs/c.1'],
      );
    },
  );

  it.each([
    [
      { enabled: true },
      'Microphone',
      2,
      ['c_chmask 0', 'p_chmask 3', 'p_srate 48000', 'p_ssize 2'],
    ],
    [
      { enabled: true, speakers: { enabled: true }, mic: { enabled: false } },
      ...(['Speakers', 2] as const),
      ['c_chmask 3', 'c_srate 48000', 'c_ssize 2', 'p_chmask 0'],
    ],
  ])('a sound card has only the directions that are wanted: %j', (audio, told, count, values) => {
    const { functions } = plan({ devices: { audio } });
    expect(functions.at(-1)).toMatchObject({ description: told, endpoints: count });
    expect(below(linesOf({ devices: { audio } }), 'functions/uac2.usb0/')).toEqual(
      values.map((each) => `write functions/uac2.usb0/${each}`),
    );
  });

  it('has no sound card without a direction', () => {
    const audio = { enabled: true, mic: { enabled: false } };
    expect(linked({ devices: { audio } }).at(-1)).toBe('+mass_storage.usb0');
  });

  it('has the order that functions are linked in again later', () => {
    const names = plan({ devices: ALL }).functions.map(({ name }) => name);
    expect(inGadgetOrder([...names].reverse())).toEqual(names);
    expect(inGadgetOrder(['x.y', 'mass_storage.usb10', 'mass_storage.usb9', 'hid.usb0'])).toEqual([
      ...['hid.usb0', 'mass_storage.usb9', 'mass_storage.usb10', 'x.y'],
    ]);
  });
});
