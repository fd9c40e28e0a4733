import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BOARD, HOST, replug } from './support/board.ts';
import { figure } from './support/figures.ts';
import { driveDevice } from './support/gadget-drive.ts';
import type { GuestProcess } from './support/lab-agent.ts';
import { LabMachine } from './support/lab-machine.ts';
import { type LabServer, STATE } from './support/lab-server.ts';
import { startMountService } from './support/mount-service.ts';
import { soon } from './support/soon.ts';

const RANGE_SERVER = fileURLToPath(new URL('guest/range-server.mjs', import.meta.url));
const PORT = 8001;
const FILE = '/run/source.img';
/** More than is kept of what was read. */
const SIZE = 24 << 20;
/** What was never asked for, in blocks of 4 KiB. */
const FAR = (20 << 20) / 4096;

let machine: LabMachine;
let server: LabServer;
let source: GuestProcess;
beforeAll(async () => {
  machine = await LabMachine.start({
    modules: [['dummy_hcd'], ['usb_storage'], ['sr_mod'], ['sd_mod'], ['usbhid'], ['fuse']],
  });
  const { code, err } = await machine.otg(BOARD, 'start');
  expect([code, err]).toEqual([0, '']);
  server = await machine.serve(BOARD);
  await machine.run(['dd', 'if=/dev/urandom', `of=${FILE}`, 'bs=1M', `count=${SIZE >> 20}`]);
  source = await startSource();
  await machine.api.call('msdLink', { url: `http://127.0.0.1:${PORT}/a`, image: 'a.img' });
});
afterAll(() => machine?.[Symbol.asyncDispose]());

async function startSource(): Promise<GuestProcess> {
  const child = machine.spawn([process.execPath, RANGE_SERVER, `${PORT}`, FILE]);
  await new Promise<void>((resolve, reject) => {
    child.onOutput(() => resolve());
    child.ended.then(({ err }) => reject(new Error(err)), reject);
  });
  return child;
}

/** Reads all of a drive, and compares: an emulated processor hashes slowly. */
const expectSame = async (device: string) => {
  const { code, out, err } = await machine.tryRun(['cmp', device, FILE]);
  expect([code, `${out}${err}`]).toEqual([0, '']);
};
const drive = async () => (await machine.api.call('msd')).drive;
const select = (cdrom: boolean) =>
  machine.api.call('msdSetParams', { image: 'a.img', cdrom, rw: false });
const connect = (connected: boolean) => machine.api.call('msdSetConnected', { connected });
const linkIs = (state: string) =>
  soon(async () => expect((await drive())?.image?.link).toMatchObject({ state }));
const mounts = async () => (await machine.text('/proc/mounts')).match(/^\S+ \S+ fuse\b.*/gm) ?? [];
const isUnmounted = () => soon(async () => expect(await mounts()).toEqual([]));

it('is refused with the remedy while nothing mounts for a server without privileges', async () => {
  await select(true);
  await expect(connect(true)).rejects.toMatchObject({
    name: 'MsdDriveError',
    message: expect.stringMatching(
      /mount failed: Operation not permitted.*systemctl start crashcart-nbdfuse\.socket$/,
    ),
  });
  expect(await drive()).toMatchObject({ connected: false });
});

describe('a linked image', () => {
  let service: GuestProcess;
  beforeAll(async () => {
    service = await startMountService(machine);
  });
  afterAll(() => service?.kill());

  it('is what the machine reads of its CD-ROM', async () => {
    await connect(true);
    await expectSame('/dev/sr0');
    expect(await drive()).toMatchObject({ connected: true, image: { link: { state: 'online' } } });
    await connect(false);
    await isUnmounted();
  });

  describe('in a flash drive', () => {
    let device: string;
    let address: string;
    beforeAll(async () => {
      await select(false);
      await connect(true);
      await replug(machine);
      device = await driveDevice(machine, 'sd');
      address = await machine.text(`${HOST}/devnum`);
    });

    it('gives errors while its source is away, and takes nothing else from the machine', async () => {
      await machine.run(['dd', `if=${device}`, 'of=/dev/null', 'bs=4k', 'count=16']);
      await source.kill('SIGKILL');
      const startedMs = performance.now();
      const read = ['dd', `if=${device}`, 'of=/dev/null', 'bs=4k', 'count=1', 'iflag=direct'];
      const dead = machine.tryRun([...read, `skip=${FAR}`]);
      await linkIs('retrying');
      const { code, err } = await dead;
      figure('linked image, error of a read after', (performance.now() - startedMs) / 1000, 's');
      expect([code, err]).toEqual([1, expect.stringContaining('error reading')]);
      expect((await drive())?.image?.link).toEqual({
        ...{ url: `http://127.0.0.1:${PORT}/a`, state: 'retrying', since: expect.any(Number) },
        reason: expect.stringContaining('Connect call failed'),
      });
      // Neither the drive nor the keyboard was reset.
      expect(await machine.text(`${HOST}/devnum`)).toBe(address);
      expect((await machine.api.call('hid')).keyboard.online).toBe(true);
    });

    it('heals when its source is back', async () => {
      source = await startSource();
      await linkIs('online');
      await expectSame(device);
      expect(await machine.text(`${HOST}/devnum`)).toBe(address);
    });

    it('is gone after an eject', async () => {
      await connect(false);
      await isUnmounted();
      expect(await drive()).toMatchObject({ connected: false });
    });
  });

  describe('of a server that ends', () => {
    beforeEach(async () => {
      if (!(await drive())?.connected) await connect(true);
      expect(await mounts()).toHaveLength(1);
    });

    it('leaves the drive with it', async () => {
      expect(await server.stop()).toBe(0);
      await isUnmounted();
      server = await machine.serve(BOARD);
      expect(await drive()).toMatchObject({ connected: false });
    });

    it('by a kill, is ejected by the next one, and can be put in again', async () => {
      await server.stop('SIGKILL');
      await isUnmounted();
      server = await machine.serve(BOARD);
      expect(await drive()).toMatchObject({ connected: false, image: { name: 'a.img' } });
      expect(await server.log()).toContain('has ended: ejected; insert it again');
      await connect(true);
      const device = await driveDevice(machine, 'sd');
      await expectSame(device);
    });
  });

  it('leaves nothing but its socket and its entry', async () => {
    if ((await drive())?.connected) await connect(false);
    const { out } = await machine.run([
      'find',
      `${STATE}/links`,
      '-mindepth',
      '2',
      '-printf',
      '%f\n',
    ]);
    expect(
      out
        .toString()
        .replace(/[\da-f]{12}/, 'ID')
        .trim()
        .split('\n')
        .sort(),
    ).toEqual(['ID.sock', 'links.json']);
  });
});
