import { describe, expect, it } from 'vitest';
import { driveContent, driveDevices, imageNode, openImages, plainReason } from './drive-objects.ts';

const cdrom = { source: '/images/a, b.iso', cdrom: true, rw: false };
const flash = { source: '/images/c.img', cdrom: false, rw: true };

/** An item of `query-block`, as QEMU 7.2 says it. */
const block = (qdev: string, file: string, more: object = {}) => ({
  ...{ device: '', locked: false, removable: true, type: 'unknown', qdev, tray_open: false },
  inserted: { file, ro: true, 'node-name': 'crashcart-image-0', drv: 'raw' },
  ...more,
});

describe('the objects of the drive', () => {
  it('open a file as it is named, and a URL by its scheme', () => {
    expect(imageNode(cdrom, 'crashcart-image-0')).toEqual({
      driver: 'raw',
      'node-name': 'crashcart-image-0',
      'read-only': true,
      file: { driver: 'file', filename: '/images/a, b.iso' },
    });
    expect(
      imageNode({ ...cdrom, source: 'HTTPS://host/a.iso' }, 'crashcart-image-1'),
    ).toMatchObject({ file: { driver: 'https', url: 'HTTPS://host/a.iso' } });
  });

  it('open an export of our NBD server, and know it again', () => {
    const source = 'nbd+unix:///?socket=/state/links/a b.sock';
    expect(imageNode({ ...cdrom, source }, 'crashcart-image-0')).toMatchObject({
      'read-only': true,
      file: {
        driver: 'nbd',
        server: { type: 'unix', path: '/state/links/a b.sock' },
        'reconnect-delay': 120,
      },
    });
    const told = block('crashcart-cdrom', 'nbd+unix://?socket=/state/links/a b.sock');
    expect(driveContent([told])?.medium).toEqual({ ...cdrom, source });
  });

  it('report errors to the guest, which the host would else stop', () => {
    const [bridge, disk] = driveDevices(flash, 'crashcart-image-1', 'usb.0', 3);
    expect(bridge).toEqual({ driver: 'usb-bot', id: 'crashcart-drive', bus: 'usb.0' });
    expect(disk).toMatchObject({
      ...{ driver: 'scsi-hd', removable: true, bus: 'crashcart-drive.0', bootindex: 3 },
      ...{ drive: 'crashcart-image-1', werror: 'report', rerror: 'report' },
    });
    const [, disc] = driveDevices(cdrom, 'crashcart-image-0', 'usb.0', 0);
    expect(disc).toMatchObject({ driver: 'scsi-cd', id: 'crashcart-cdrom' });
  });

  it('are read back from QEMU', () => {
    const disk = { ...block('/machine/peripheral-anon/device[2]', '/disk.raw'), removable: false };
    expect(driveContent([disk])).toBeUndefined();
    expect(driveContent([disk, block('crashcart-cdrom', cdrom.source)])).toEqual({
      medium: cdrom,
      node: 'crashcart-image-0',
      ejected: false,
    });
    const inserted = { file: flash.source, ro: false };
    expect(driveContent([block('crashcart-flash', '', { inserted })])?.medium).toEqual(flash);
  });

  it('are ejected when the guest opened the tray', () => {
    const open = block('crashcart-cdrom', cdrom.source, { tray_open: true });
    expect(driveContent([open])).toMatchObject({ medium: cdrom, ejected: true });
  });

  it.each([[undefined], [{}], [[null, 1, 'x']], [[block('crashcart-flash', '', { inserted: 1 })]]])(
    'are not there in %j',
    (answer) => {
      expect(driveContent(answer)).toBeUndefined();
      expect(openImages(answer).size).toBe(0);
    },
  );

  it('are told from the images of others', () => {
    const nodes = [
      { 'node-name': '#block123', image: { 'virtual-size': 5 } },
      { 'node-name': 'crashcart-image-1', image: { 'virtual-size': 4096 } },
    ];
    expect([...openImages(nodes)]).toEqual([['crashcart-image-1', 4096]]);
  });

  it('explain locks and missing network drivers, and leave the rest as QEMU says it', () => {
    expect(plainReason('QEMU refused device_add: Failed to get "write" lock')).toMatch(
      /^another machine or program uses the image/,
    );
    expect(plainReason("Unknown driver 'http'")).toMatch(/qemu-block-extra/);
    expect(plainReason('No such file or directory')).toBe('No such file or directory');
  });
});
