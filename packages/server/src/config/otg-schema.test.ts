import { describe, expect, it } from 'vitest';
import { loadConfig } from './load.ts';

const load = async (text: string) => {
  const readText = async (path: string) => (path === '/c.yaml' ? text : undefined);
  return await loadConfig({ file: '/c.yaml' }, { readText, listFiles: async () => undefined });
};

describe('the section otg', () => {
  it('has PiKVM’s defaults, but our user', async () => {
    const { config, warnings } = await load('otg: {}\n');
    expect(warnings).toEqual([]);
    expect(config.otg).toMatchObject({
      ...{ vendor_id: 0x1d6b, product_id: 0x104, usb_version: 0x200, device_version: -1 },
      ...{ manufacturer: 'PiKVM', product: 'PiKVM Composite Device', serial: 'CAFEBABE' },
      ...{ config: '', max_power: 250, remote_wakeup: true, udc: '', endpoints: 9 },
      ...{ init_delay: 3, user: 'crashcart', meta: '/run/crashcart-otg' },
      devices: {
        hid: { keyboard: { start: true }, mouse: { start: true }, mouse_alt: { start: true } },
        msd: { start: true, default: { file: '', cdrom: true, rw: false, fua: true } },
        drives: { enabled: false, count: 1, default: { cdrom: false, rw: true } },
        ethernet: { enabled: false, driver: 'ecm', host_mac: '', kvm_mac: '' },
        serial: { enabled: false, start: true },
        audio: { enabled: false, speakers: { enabled: false }, mic: { enabled: true } },
      },
    });
  });

  it('reads hex as text, null as none, and addresses in any case', async () => {
    const { config } = await load(
      `otg:
  vendor_id: "0x46D"
  serial: null
  config: null
  udc: null
  devices: {ethernet: {host_mac: "AA:BB:CC:DD:EE:FF", kvm_mac: null}}
`,
    );
    expect(config.otg).toMatchObject({
      ...{ vendor_id: 0x46d, serial: '', config: '', udc: '' },
      devices: { ethernet: { host_mac: 'aa:bb:cc:dd:ee:ff', kvm_mac: '' } },
    });
  });

  it('knows the older places of devices', async () => {
    const { config } = await load(
      'otg: {acm: {enabled: true}, msd: {start: false}, drives: {count: 3}}\n',
    );
    const { serial, msd, drives } = config.otg.devices;
    expect([serial.enabled, msd.start, drives.count]).toEqual([true, false, 3]);
  });

  it('warns of a camera, which is not there', async () => {
    const { warnings } = await load('otg: {devices: {camera: {enabled: true}}}\n');
    expect(warnings.map(({ path }) => path.join('.'))).toEqual(['otg.devices.camera']);
  });

  it.each([
    ['vendor_id: 65536', 'otg.vendor_id: 65536 is not allowed: must be a whole number from 0'],
    ['usb_version: 0x02a0', 'must be a version such as 0x0100, without A to F'],
    ['device_version: 0x1F', 'must be a version such as 0x0100, without A to F'],
    ['max_power: 501', 'must be a whole number from 50 to 500'],
    ['"product": "a\\nb"', 'must be a text of at most 126 characters on one line'],
    [`product: ${'x'.repeat(127)}`, 'must be a text of at most 126 characters on one line'],
    ['udc: ../x', 'must be a name of /sys/class/udc'],
    ['user: "a b"', 'must be the name of a user'],
    ['devices: {ethernet: {driver: usb}}', 'must be one of: ecm, eem, ncm, rndis, rndis5'],
    ['devices: {ethernet: {host_mac: "1:2"}}', 'must be a hardware address such as'],
    [
      'devices: {ethernet: {host_mac: "02:00:00:00:00:0a", kvm_mac: "02:00:00:00:00:0A"}}',
      'otg.devices.ethernet.kvm_mac: "02:00:00:00:00:0A" is not allowed: must not be host_mac',
    ],
    ['devices: {drives: {count: 0}}', 'must be a whole number from 1 to 16'],
    ['devices: {serail: {}}', 'otg.devices.serail: no such key'],
  ])('refuses %s', async (text, error) => {
    await expect(load(`otg:\n  ${text}\n`)).rejects.toThrow(error);
  });
});
