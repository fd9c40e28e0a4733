import { afterAll, beforeAll, expect, it } from 'vitest';
import { BOARD, replug } from './support/board.ts';
import { driveDevice } from './support/gadget-drive.ts';
import { LabMachine } from './support/lab-machine.ts';
import { STATE } from './support/lab-server.ts';

const STORAGE = `${STATE}/msd`;
/** What the storage has, and what the image asks for, MiB. */
const ROOM = 100;
const SIZE = 64;
const MOUNTED = '/run/flash';
const FILES = '/run/files';
const AT = `${STORAGE}/a.img@@1M`;

let machine: LabMachine;
beforeAll(async () => {
  machine = await LabMachine.start({
    modules: [
      ...([['dummy_hcd'], ['usb_storage'], ['sd_mod'], ['usbhid'], ['loop']] as const),
      ...([['vfat'], ['nls_cp437'], ['nls_ascii'], ['nls_utf8']] as const),
    ],
  });
  const { code, err } = await machine.otg(BOARD, 'start');
  expect([code, err]).toEqual([0, '']);
  const owner = 'uid=crashcart,gid=crashcart';
  await machine.run(['mkdir', '-p', STORAGE, MOUNTED, `${FILES}/deep`]);
  await machine.run(['mount', '-t', 'tmpfs', '-o', `size=${ROOM}M,${owner}`, 'tmp', STORAGE]);
  await machine.serve(BOARD);
  await machine.write(`${FILES}/deep/hello.txt`, 'hello from the board');
});
afterAll(() => machine?.[Symbol.asyncDispose]());

const image = async () => (await machine.api.call('msd')).storage?.images['a.img'];
const connect = (connected: boolean) => machine.api.call('msdSetConnected', { connected });
const sh = async (script: string) => (await machine.run(['sh', '-ec', script])).out.toString();

it('is made beside a server that runs, which lists it', async () => {
  const argv = ['create', 'a.img', '--size', `${SIZE}M`, '--label', 'Lab', '--from', FILES];
  expect(await machine.crashcart('image', ...argv)).toMatchObject({ code: 0, err: '' });
  await expect.poll(image).toMatchObject({ complete: true, size: SIZE << 20, writable: true });
});

it('is a drive with a partition for the machine, which reads and writes files', async () => {
  await machine.api.call('msdSetParams', { image: 'a.img', cdrom: false, rw: true });
  await connect(true);
  await replug(machine);
  const device = await driveDevice(machine, 'sd');
  await machine.run(['udevadm', 'settle']);
  const facts = await sh(`blkid -p -o export ${device}1`);
  expect(facts).toMatch(/^LABEL_FATBOOT=LAB$/m);
  expect(facts).toMatch(/^TYPE=vfat$/m);
  expect(facts).toMatch(/^PART_ENTRY_TYPE=0xc$/m);
  await machine.run(['mount', `${device}1`, MOUNTED]);
  expect(await machine.text(`${MOUNTED}/deep/hello.txt`)).toBe('hello from the board');
  await machine.write(`${MOUNTED}/answer.txt`, 'hello from the machine');
  await machine.run(['umount', MOUNTED]);
  await connect(false);
});

it('is read here afterwards, without root and as the documentation says', async () => {
  expect(await sh(`mtype -i ${AT} ::/answer.txt`)).toBe('hello from the machine');
  const looked = await sh(`
    loop=$(losetup --find --show --partscan --read-only ${STORAGE}/a.img)
    udevadm settle
    mount -o ro "$loop"p1 ${MOUNTED}
    cat ${MOUNTED}/answer.txt
    umount ${MOUNTED}
    losetup --detach "$loop"`);
  expect(looked).toBe('hello from the machine');
});

it('is an error for the machine where the storage is full, and nothing more', async () => {
  await connect(true);
  const device = await driveDevice(machine, 'sd');
  await machine.tryRun(['dd', 'if=/dev/zero', `of=${STORAGE}/.filler`, 'bs=1M']);
  const write = ['dd', 'if=/dev/urandom', `of=${device}`, 'bs=1M', 'seek=20', 'count=8'];
  const { code, err } = await machine.tryRun([...write, 'oflag=direct']);
  expect([code, err]).toEqual([1, expect.stringMatching(/error writing/)]);
  const refused = await machine.crashcart('image', 'create', 'b.img', '--size', `${SIZE}M`);
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('has room for 0 bytes')]);
  await machine.run(['rm', `${STORAGE}/.filler`]);
  await machine.run([...write, 'oflag=direct']);
  await connect(false);
  expect(await sh(`mtype -i ${AT} ::/answer.txt`)).toBe('hello from the machine');
});
