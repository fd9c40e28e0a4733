import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BOARD, GADGET, replug } from './support/board.ts';
import { figure } from './support/figures.ts';
import { diskHash, driveDevice } from './support/gadget-drive.ts';
import { LabMachine } from './support/lab-machine.ts';
import { LAB_PASSWORD, type LabServer, STATE } from './support/lab-server.ts';
import { soon } from './support/soon.ts';

const MEDIUM = fileURLToPath(new URL('guest/medium-latency.mjs', import.meta.url));
const FILE = 'mass_storage.usb0/lun.0/file';
/** Where a CD-ROM says what it is (ECMA-119, 8.4). */
const DESCRIPTOR = 32_768;
const SECTOR = 512;
/** With a third drive the software controller gives the address of an endpoint twice. */
const CONFIG = {
  ...BOARD,
  otg: { ...BOARD.otg, devices: { drives: { enabled: true, count: 1 } } },
};

const iso = testIso();
const disk = randomBytes(2 << 20);

let machine: LabMachine;
let server: LabServer;
beforeAll(async () => {
  machine = await LabMachine.start({
    cpus: 2,
    modules: [['dummy_hcd'], ['usb_storage'], ['sr_mod'], ['sd_mod'], ['isofs'], ['usbhid']],
  });
  const { code, err } = await machine.otg(CONFIG, 'start');
  expect([code, err]).toEqual([0, '']);
  server = await machine.serve(CONFIG);
  await upload('test.iso', iso);
  await upload('test.img', disk);
  await upload('small.iso', iso.subarray(0, 400 << 10));
});
afterAll(() => machine?.[Symbol.asyncDispose]());

const upload = (image: string, body: Buffer<ArrayBuffer>) =>
  machine.api.call('msdWrite', { image }, { body });
const drive = async () => (await machine.api.call('msd')).drive;
const select = (image: string, kind: { cdrom: boolean; rw?: boolean }) =>
  machine.api.call('msdSetParams', { image, rw: false, ...kind });
const connect = (connected: boolean) => machine.api.call('msdSetConnected', { connected });
const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
it('there are as many drives as the configuration says', async () => {
  await soon(async () => {
    const { out } = await machine.run(['sh', '-c', 'cat /sys/class/scsi_device/*/device/vendor']);
    expect(out.toString().match(/PiKVM/g)).toHaveLength(2);
  });
});

describe('a CD-ROM', () => {
  it('is readable soon after it was inserted, to the last byte', async () => {
    await select('test.iso', { cdrom: true });
    const url = 'http://127.0.0.1:8080';
    const argv = [process.execPath, MEDIUM, url, LAB_PASSWORD, '/dev/sr0', String(DESCRIPTOR)];
    const { out } = await machine.run(argv);
    figure('insert to readable medium', Number(out), 'ms', '<= 1000');
    expect(await diskHash(machine, '/dev/sr0')).toBe(hash(iso));
    expect(await drive()).toMatchObject({ connected: true, cdrom: true, rw: false });
  });

  it('says who it is', async () => {
    const text = (name: string) => machine.text(`/sys/block/sr0/device/${name}`);
    expect([await text('vendor'), await text('model'), await text('rev')]).toEqual([
      'PiKVM',
      expect.stringMatching(/Drive/),
      '1.00',
    ]);
  });

  it('that the machine has locked is ejected all the same', async () => {
    await machine.run(['mkdir', '-p', '/run/cd']);
    await machine.run(['mount', '-o', 'ro', '/dev/sr0', '/run/cd']);
    expect(await machine.text('/run/cd/hello.txt')).toBe('hello from the lab');
    // The kernel itself refuses.
    await expect(machine.write(`${GADGET}/functions/${FILE}`, '\n')).rejects.toMatchObject({
      code: 'EBUSY',
    });
    await connect(false);
    expect(await machine.text(`${GADGET}/functions/${FILE}`)).toBe('');
    expect(await drive()).toMatchObject({ connected: false });
    expect(await server.log()).toContain('ejected by force');
    await machine.run(['umount', '-l', '/run/cd']);
  });

  it('that is too small is refused, and the drive is as it was', async () => {
    await select('small.iso', { cdrom: true });
    await expect(connect(true)).rejects.toMatchObject({
      name: 'MsdDriveError',
      message: expect.stringContaining('it is too small (a CD-ROM has at least 600 KiB'),
    });
    expect(await drive()).toMatchObject({ connected: false });
  });

  it('whose image is deleted meanwhile stays readable, and can be ejected', async () => {
    await select('test.iso', { cdrom: true });
    await connect(true);
    await machine.run(['rm', `${STATE}/msd/test.iso`]);
    await soon(async () => {
      expect(await drive()).toMatchObject({
        ...{ connected: true, image: { name: 'test.iso', in_storage: false, complete: false } },
      });
    });
    expect(await diskHash(machine, '/dev/sr0')).toBe(hash(iso));
    await connect(false);
    expect(await drive()).toMatchObject({ connected: false });
    await upload('test.iso', iso);
  });
});

describe('a flash drive', () => {
  it('is a disk once the machine has seen the gadget anew', async () => {
    await select('test.img', { cdrom: false });
    await connect(true);
    await replug(machine);
    const device = await driveDevice(machine);
    expect(device).toMatch(/^\/dev\/sd/);
    expect(await diskHash(machine, device)).toBe(hash(disk));
    expect(await machine.text(`/sys/block/${device.slice(5)}/ro`)).toBe('1');
    const written = await machine.tryRun(['dd', 'if=/dev/zero', `of=${device}`, 'count=1']);
    expect(written.code).not.toBe(0);
    await connect(false);
  });

  it('takes what the machine writes', async () => {
    await select('test.img', { cdrom: false, rw: true });
    await connect(true);
    await replug(machine);
    const device = await driveDevice(machine);
    const block = randomBytes(SECTOR);
    const argv = ['dd', `of=${device}`, 'seek=3', 'conv=fsync,nocreat', `bs=${SECTOR}`];
    await machine.run(argv, { input: block });
    await connect(false);
    const { out } = await machine.run(['cat', `${STATE}/msd/test.img`]);
    const expected = Buffer.from(disk);
    block.copy(expected, 3 * SECTOR);
    expect(hash(out)).toBe(hash(expected));
  });

  it('is reset by force while the machine writes to it', async () => {
    await connect(true);
    const device = await driveDevice(machine);
    await using writer = machine.spawn([
      'dd',
      'if=/dev/zero',
      `of=${device}`,
      'bs=64k',
      'oflag=direct',
    ]);
    await soon(async () => {
      expect(await machine.text(`/sys/block/${device.slice(5)}/stat`)).toMatch(/\d/);
    });
    await machine.api.call('msdReset');
    expect(await drive()).toMatchObject({ connected: false });
    await writer.ended;
  });
});

/** A small CD-ROM with one file, bigger than the least that the kernel takes. */
function testIso(): Buffer<ArrayBuffer> {
  const folder = mkdtempSync(join(tmpdir(), 'cc-iso-'));
  try {
    const path = join(folder, 'test.iso');
    writeFileSync(join(folder, 'hello.txt'), 'hello from the lab\n');
    writeFileSync(join(folder, 'random'), randomBytes(2 << 20));
    const files = ['hello.txt', 'random'].map((name) => `${name}=${join(folder, name)}`);
    const args = ['-as', 'mkisofs', '-quiet', '-r', '-o', path, '-graft-points', ...files];
    execFileSync('xorriso', args, { stdio: 'pipe' });
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
