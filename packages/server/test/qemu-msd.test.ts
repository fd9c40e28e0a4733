import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../src/core/state.ts';
import type { QemuMachine } from '../src/drivers/qemu/machine.ts';
import { killProcess } from '../src/platform/process.ts';
import { cdrom, content, flash, isOpen, untilOnline, zeroImage } from './support/drive.ts';
import {
  consoleText,
  SerialLine,
  startTestMachine,
  type TestMachine,
  testGuest,
  untilRunning,
} from './support/guest.ts';
import { buildTestIso, TEST_ISO_BANNER } from './support/test-iso.ts';

/** A guest on a busy machine is slow, ms. */
const PATIENCE_MS = 90_000;
const limit = () => AbortSignal.timeout(PATIENCE_MS);
const folder = mkdtempSync(join(tmpdir(), 'cc-msd-'));
const iso = join(folder, 'test.iso');
const flashImage = (name: string, bytes?: number) => zeroImage(folder, name, bytes);

beforeAll(() => buildTestIso(iso));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the drive of a running guest', () => {
  let test: TestMachine;
  let machine: QemuMachine;
  let serial: SerialLine;

  beforeAll(async () => {
    test = await startTestMachine({ linux: testGuest() });
    machine = test.machine;
    await untilOnline(machine);
    serial = new SerialLine(machine.serialSocketPath);
    await serial.waitFor(/guest# /, PATIENCE_MS);
    await guest('modprobe isofs');
  });

  afterAll(async () => {
    serial?.close();
    await test?.[Symbol.asyncDispose]();
  });

  let commands = 0;
  /** What a command of the guest prints, and `<N:STATUS>`. */
  async function guest(command: string): Promise<string> {
    const from = serial.text.length;
    const number = ++commands;
    // The line comes back as an echo, which must not look like the end.
    serial.send(`${command}; echo "<${number}:$?"">"`);
    const told = () => serial.text.slice(from);
    await serial.waitFor(new RegExp(`<${number}:\\d+>`), PATIENCE_MS, from).catch((cause) => {
      // What hangs must not hang the tests that follow.
      serial.send('\x03');
      throw new Error(`The guest does not finish: ${told()}`, { cause });
    });
    return told();
  }

  /** Waits for a disk to be there and readable, or to be gone. */
  const appears = (name: string) =>
    guest(`until dd if=/dev/${name} of=/dev/null count=1 2>/dev/null; do usleep 50000; done`);
  const disappears = (name: string) => guest(`while [ -b /dev/${name} ]; do usleep 50000; done`);

  it('is written by the guest, while we read and others may not write', async () => {
    const path = flashImage('rw.img');
    await machine.msd.insert(flash(path, true));
    expect(content(machine.msd)).toEqual(flash(path, true));
    await appears('sdb');
    expect(await guest('cat /sys/block/sdb/removable')).toContain('1');
    await guest('echo written by the guest | dd of=/dev/sdb conv=fsync');
    expect(readFileSync(path, 'latin1').slice(0, 20)).toBe('written by the guest');
    const write = promisify(execFile)('qemu-io', ['-f', 'raw', '-c', 'write 0 512', path]);
    await expect(write).rejects.toThrow(/lock/);
    await machine.msd.eject();
    expect(content(machine.msd)).toBeUndefined();
    await disappears('sdb');
  });

  it('is read-only for the guest unless it may write', async () => {
    const path = flashImage('ro.img');
    await machine.msd.insert(flash(path, false));
    expect(content(machine.msd)).toEqual(flash(path, false));
    await appears('sdb');
    expect(await guest('cat /sys/block/sdb/ro')).toContain('1');
    await guest('echo written | dd of=/dev/sdb conv=fsync');
    await machine.msd.eject();
    expect(readFileSync(path).every((byte) => byte === 0)).toBe(true);
    await disappears('sdb');
  });

  it('lets go of a CD-ROM that the guest has mounted and locked', async () => {
    await machine.msd.insert(cdrom(iso));
    await appears('sr0');
    const text = await guest('mount -t iso9660 /dev/sr0 /mnt && cat /mnt/hello.txt');
    expect(text).toContain('hello from the test medium');
    const blocks = await machine.execute('query-block');
    expect(blocks).toContainEqual(expect.objectContaining({ locked: true }));
    await machine.msd.eject();
    expect(content(machine.msd)).toBeUndefined();
    expect(isOpen(machine, iso)).toBe(false);
    await disappears('sr0');
    await guest('umount /mnt');
  });

  it('follows the guest that ejects the CD-ROM itself', async () => {
    await machine.msd.insert(cdrom(iso));
    await appears('sr0');
    // The guest opens the tray when the last reader closes the disk.
    await guest('echo 1 > /proc/sys/dev/cdrom/autoeject; dd if=/dev/sr0 of=/dev/null count=1');
    await until(machine.msd.state, ({ medium }) => medium === undefined, limit());
    expect(isOpen(machine, iso)).toBe(false);
    await guest('echo 0 > /proc/sys/dev/cdrom/autoeject');
    await disappears('sr0');
    expect(test.log.messages).toContain('info The machine has ejected the CD-ROM');
  });

  it('ejects an image that was deleted by hand', async () => {
    const path = flashImage('deleted.img');
    await machine.msd.insert(flash(path, true));
    rmSync(path);
    await appears('sdb');
    expect(content(machine.msd)?.source).toBe(path);
    await machine.msd.reset();
    expect(content(machine.msd)).toBeUndefined();
    expect(isOpen(machine, path)).toBe(false);
    await disappears('sdb');
  });

  it('gets another medium in the place of the first, also the same image in another way', async () => {
    const path = flashImage('swapped.img');
    await machine.msd.insert(flash(path, true));
    await machine.msd.insert(cdrom(iso));
    expect(content(machine.msd)).toEqual(cdrom(iso));
    expect(isOpen(machine, path)).toBe(false);
    await appears('sr0');
    await machine.msd.insert(flash(iso, false));
    expect(content(machine.msd)).toEqual(flash(iso, false));
    await machine.msd.insert(flash(iso, true));
    expect(content(machine.msd)).toEqual(flash(iso, true));
    await machine.msd.eject();
  });

  it('takes an image of odd size, and pads it for the guest', async () => {
    const path = join(folder, 'odd.img');
    writeFileSync(path, 'x'.repeat(1000));
    await machine.msd.insert(flash(path, false));
    await appears('sdb');
    expect(await guest('cat /sys/block/sdb/size')).toMatch(/^2\r?$/m);
    await machine.msd.eject();
    await disappears('sdb');
  });

  it.each([
    ['does not exist', 'missing.img', undefined, /No such file or directory/],
    ['is a directory', '.', undefined, /requires .* to be a regular file/],
    ['is empty', 'empty.img', '', /is no medium: it has 0 bytes/],
    ['is smaller than a sector', 'tiny.img', 'tiny', /is no medium: it has \d+ bytes/],
  ])('keeps its medium when the next image %s', async (_, name, text, message) => {
    const before = cdrom(iso);
    if (content(machine.msd)?.source !== iso) await machine.msd.insert(before);
    const path = join(folder, name);
    if (text !== undefined) writeFileSync(path, text);
    const insertion = machine.msd.insert(cdrom(path));
    await expect(insertion).rejects.toMatchObject({
      name: 'MsdDriveError',
      message: expect.stringMatching(message),
    });
    expect(content(machine.msd)).toEqual(before);
    expect(await appears('sr0')).toContain(':0>');
  });

  it('puts its medium in again when another machine writes to the next image', async () => {
    const path = flashImage('shared.img');
    await machine.msd.insert(cdrom(iso));
    await using other = await startTestMachine();
    await untilOnline(other.machine);
    await other.machine.msd.insert(flash(path, true));
    await expect(machine.msd.insert(flash(path, true))).rejects.toMatchObject({
      name: 'MsdDriveError',
      message: expect.stringMatching(/another machine or program uses the image/),
    });
    expect(content(machine.msd)).toEqual(cdrom(iso));
    // Both may read the same.
    await other.machine.msd.insert(cdrom(iso));
    await machine.msd.eject();
  });

  it('gives the guest an error, and does not stop it, when the disk of the host is full', async () => {
    const small = join(folder, 'small');
    mkdirSync(small);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small], { stdio: 'pipe' });
    } catch {
      return console.warn('not run: mounting is not allowed here');
    }
    try {
      const path = flashImage('small/sparse.img', 8 << 20);
      await machine.msd.insert(flash(path, true));
      await appears('sdb');
      const text = await guest('dd if=/dev/zero of=/dev/sdb bs=64k count=64 conv=fsync');
      expect(text).toContain(':1>');
      expect(machine.runState.value).toBe('running');
      const told = test.log.messages.filter((each) => each.includes('No space left'));
      expect(told).toHaveLength(1);
      await machine.msd.eject();
    } finally {
      execFileSync('umount', ['-l', small]);
    }
  });
});

describe('booting', () => {
  it('goes to the drive before the disk and the prompt, from the next reset on', async () => {
    await using test = await startTestMachine();
    const { machine } = test;
    await untilOnline(machine);
    using serial = new SerialLine(machine.serialSocketPath);
    const untilPrompt = async () => {
      const text = () => consoleText(machine);
      await expect.poll(text, { timeout: PATIENCE_MS, interval: 100 }).toContain('iPXE>');
    };
    await untilPrompt();

    await machine.msd.insert(cdrom(iso));
    expect(await consoleText(machine)).toContain('iPXE>');
    expect(serial.text).toBe('');
    await machine.execute('system_reset');
    await serial.waitFor(TEST_ISO_BANNER, PATIENCE_MS);

    // Switched off, it takes another medium, too, and boots it when it is on again.
    await machine.execute('stop');
    await machine.execute('system_reset');
    await machine.msd.insert(flash(iso, false));
    const from = serial.text.length;
    await machine.execute('cont');
    await serial.waitFor(TEST_ISO_BANNER, PATIENCE_MS, from);

    await machine.msd.eject();
    await machine.execute('system_reset');
    await untilPrompt();
  });
});

describe('a drive that outlives', () => {
  it('the server is known to the next one, which puts in order what was half done', async () => {
    await using first = await startTestMachine();
    await untilOnline(first.machine);
    await first.machine.msd.insert(cdrom(iso));
    await first.machine.stop({ kill: false });
    const options = { stateDir: first.stateDir };

    await using second = await startTestMachine(options);
    await untilOnline(second.machine);
    expect(content(second.machine.msd)).toEqual(cdrom(iso));
    await second.machine.msd.eject();
    const image = { driver: 'raw', 'node-name': 'crashcart-image-1' };
    const file = { driver: 'file', filename: iso };
    await second.machine.execute('blockdev-add', { ...image, 'read-only': true, file });
    const bridge = { driver: 'usb-bot', id: 'crashcart-drive', bus: 'xhci.0' };
    await second.machine.execute('device_add', bridge);
    await second.machine.stop({ kill: false });

    await using third = await startTestMachine(options);
    await untilOnline(third.machine);
    expect(content(third.machine.msd)).toBeUndefined();
    expect(isOpen(third.machine, iso)).toBe(false);
    await third.machine.msd.insert(flash(iso, false));
    expect(content(third.machine.msd)).toEqual(flash(iso, false));
  });

  it('QEMU is in the next one from the first moment, and that boots from it', async () => {
    await using test = await startTestMachine();
    const { machine } = test;
    await untilOnline(machine);
    await machine.msd.insert(cdrom(iso));
    if (machine.processId) killProcess(machine.processId, 'SIGKILL');
    await until(machine.client, (client) => client === undefined, limit());
    expect(machine.msd.state.value).toEqual({ online: false, medium: cdrom(iso) });
    await untilRunning(machine);
    using serial = new SerialLine(machine.serialSocketPath);
    await serial.waitFor(TEST_ISO_BANNER, PATIENCE_MS);
    await untilOnline(machine);
    expect(content(machine.msd)).toEqual(cdrom(iso));
    await machine.msd.eject();
  });

  it('QEMU but not its image is out, and the machine starts all the same', async () => {
    await using test = await startTestMachine();
    const { machine } = test;
    await untilOnline(machine);
    const path = flashImage('gone.img');
    await machine.msd.insert(flash(path, true));
    rmSync(path);
    if (machine.processId) killProcess(machine.processId, 'SIGKILL');
    await until(machine.client, (client) => client === undefined, limit());
    await until(machine.msd.state, ({ medium }) => medium === undefined, limit());
    await untilRunning(machine);
    const told = test.log.messages.filter((each) => each.includes('could not be put into'));
    expect(told).toHaveLength(1);
  });
});
