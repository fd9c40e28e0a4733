import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { chmod, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { KvmError } from '@crashcart/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeMassStorage } from '../../../test/fakes/fake-mass-storage.ts';
import { recordingLog } from '../../../test/support/recording-log.ts';
import { nbdfuseCommand } from '../../cli/nbdfuse.ts';
import type { MsdMedium } from '../../core/msd-driver.ts';
import { until } from '../../core/state.ts';
import { connectUnix } from '../../platform/unix-socket.ts';
import { NbdExport } from '../../store/links/nbd-export.ts';
import { OtgMsd } from './msd.ts';

let directory: string;
let kernel: FakeMassStorage;
let log: ReturnType<typeof recordingLog>;
let msd: OtgMsd;
let cd: MsdMedium;
let flash: MsdMedium;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'otg-msd-'));
  cd = { source: image('cd.iso', 300 * 2048), cdrom: true, rw: false };
  flash = { source: image('flash.img', 512), cdrom: false, rw: true };
  await start();
});
afterEach(async () => {
  await msd[Symbol.asyncDispose]();
  kernel[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

async function start(given = new FakeMassStorage()): Promise<void> {
  kernel = given;
  log = recordingLog();
  msd = await OtgMsd.open({ log, sysfs: kernel, mountService: join(directory, 'mount.sock') });
}

async function restart(given?: FakeMassStorage): Promise<void> {
  await msd[Symbol.asyncDispose]();
  if (given) kernel[Symbol.dispose]();
  await start(given ?? kernel);
}

function image(name: string, size: number): string {
  const path = join(directory, name);
  writeFileSync(path, '');
  truncateSync(path, size);
  return path;
}

/** How long a program on a busy box may take. */
const WAIT = { timeout: 20_000 };
const medium = () => msd.state.value.medium;
const named = (name: string) => expect.objectContaining({ name });

test('inserts and ejects: the machine sees what was asked for', async () => {
  expect(msd.state.value).toEqual({ online: true, medium: undefined });
  await msd.insert(cd);
  expect(kernel).toMatchObject({ file: cd.source, kind: { cdrom: true, ro: true } });
  expect(medium()).toEqual(cd);
  await msd.eject();
  expect(kernel.file).toBe('');
  expect(medium()).toBeUndefined();
  await msd.insert(flash);
  expect(kernel).toMatchObject({ file: flash.source, kind: { cdrom: false, ro: false } });
  expect(medium()).toEqual(flash);
});

test('another medium takes the place of one that is in', async () => {
  await msd.insert(flash);
  await msd.insert({ ...flash, rw: false });
  expect(kernel.kind).toEqual({ cdrom: false, ro: true });
  await msd.insert(cd);
  expect(medium()).toEqual(cd);
});

test('a tray that the machine has locked is opened by force, only then', async () => {
  await msd.insert(cd);
  await msd.eject();
  expect(kernel.writes).not.toContain('forced_eject=');
  await msd.insert(cd);
  kernel.isLocked = true;
  await msd.eject();
  expect(kernel).toMatchObject({ file: '', isLocked: false });
  expect(log.messages).toContain('info The machine had locked its drive: ejected by force');
});

test('a reset ejects by force', async () => {
  await msd.insert(cd);
  kernel.isLocked = true;
  await msd.reset();
  expect(kernel.file).toBe('');
  await msd.reset();
  expect(medium()).toBeUndefined();
});

test('a kernel that cannot eject by force says so, and the medium stays', async () => {
  await restart(new FakeMassStorage({ lacks: ['forced_eject'] }));
  await msd.insert(cd);
  kernel.isLocked = true;
  for (const act of [() => msd.eject(), () => msd.reset(), () => msd.insert(flash)]) {
    await expect(act()).rejects.toThrow('cannot open it by force: eject it there');
    expect(medium()).toEqual(cd);
  }
  kernel.isLocked = false;
  await msd.reset();
  expect(medium()).toBeUndefined();
});

test('flags that a kernel lacks are needed only when they are set', async () => {
  await restart(new FakeMassStorage({ lacks: ['cdrom', 'ro'] }));
  await msd.insert(flash);
  await expect(msd.insert(cd)).rejects.toThrow('cannot be set to cdrom');
  expect(medium()).toEqual(flash);
});

test.each([
  ['a CD-ROM of less than 300 sectors', () => image('x.iso', 300 * 2048 - 1), 'at least 600 KiB'],
  ['no file', () => join(directory, 'nope'), 'there is no such file'],
  ['a folder', () => directory, 'it is no image file'],
])('%s is refused in words; what was in is in again', async (_what, make, message) => {
  await msd.insert(flash);
  const source = make();
  const refused = msd.insert({ source, cdrom: true, rw: false });
  await expect(refused).rejects.toThrow(`The drive cannot take ${source}: `);
  await expect(refused).rejects.toThrow(message);
  await expect(refused).rejects.toEqual(named('MsdDriveError'));
  expect(kernel).toMatchObject({ file: flash.source, kind: { cdrom: false, ro: false } });
  expect(medium()).toEqual(flash);
});

test('an image that may not be written is no writable medium', async () => {
  await chmod(flash.source, 0o444);
  await expect(msd.insert(flash)).rejects.toThrow(`${flash.source} cannot be written`);
  expect(kernel.file).toBe('');
  await msd.insert({ ...flash, rw: false });
});

test.each(['cdrom', 'ro', 'file'])(
  'a failure at %s leaves nothing half done',
  async (attribute) => {
    kernel.failNext = { attribute, code: 'EBUSY' };
    await expect(msd.insert(cd)).rejects.toThrow('another program uses the drive');
    expect(kernel).toMatchObject({ file: '', kind: { cdrom: false, ro: false } });
    await msd.insert(flash);
    const before = kernel.writes.length;
    kernel.failNext = { attribute, code: 'EBUSY' };
    // The first write of `file` empties the drive: it is refused and done by force.
    const inserting = msd.insert(cd);
    if (attribute === 'file') await inserting;
    else await expect(inserting).rejects.toThrow('another program uses the drive');
    expect(kernel.file).toBe(attribute === 'file' ? cd.source : flash.source);
    expect(kernel.writes.length).toBeGreaterThan(before);
  },
);

test('without its function the drive is offline, and it comes back', async () => {
  kernel.exist(false);
  await until(msd.state, ({ online }) => !online);
  for (const act of [() => msd.insert(cd), () => msd.eject(), () => msd.reset()]) {
    await expect(act()).rejects.toEqual(new KvmError('MsdOfflineError'));
  }
  kernel.exist(true);
  await until(msd.state, ({ online }) => online);
  await msd.insert(cd);
  expect(log.messages.filter((line) => line.startsWith('info'))).toEqual([
    'info The drive is gone',
    'info The drive is there',
  ]);
});

test('a function that is switched off keeps what is in it', async () => {
  await msd.insert(flash);
  kernel.link(false);
  await until(msd.state, ({ online }) => !online);
  expect(medium()).toEqual(flash);
  await expect(msd.eject()).rejects.toEqual(new KvmError('MsdOfflineError'));
  kernel.link(true);
  await until(msd.state, ({ online }) => online);
  await msd.eject();
});

test('a function that goes in the middle of an act is offline', async () => {
  const inserting = msd.insert(cd);
  kernel.exist(false);
  await expect(inserting).rejects.toEqual(new KvmError('MsdOfflineError'));
  expect(msd.state.value).toEqual({ online: false, medium: undefined });
});

test('a gadget that is made after the server has started is found', async () => {
  const absent = new FakeMassStorage();
  absent.exist(false);
  await restart(absent);
  expect(msd.state.value.online).toBe(false);
  expect(log.messages).toEqual([
    expect.stringMatching(/^warn The USB gadget has no drive .*: crashcart otg start makes it/),
  ]);
  kernel.exist(true);
  await until(msd.state, ({ online }) => online);
});

test('follows what other programs and the machine do', async () => {
  const dir = '/sys/kernel/config/usb_gadget/kvmd/functions/mass_storage.usb0/lun.0';
  await kernel.write(`${dir}/cdrom`, '1');
  await kernel.write(`${dir}/file`, cd.source);
  await until(msd.state, ({ medium }) => medium?.source === cd.source);
  expect(medium()).toEqual(cd);
  kernel.isLocked = true;
  kernel.ejectByMachine();
  await msd.insert(cd);
  kernel.isLocked = false;
  kernel.ejectByMachine();
  await until(msd.state, ({ medium }) => medium === undefined);
});

test('what an earlier server put in is in', async () => {
  await msd.insert(flash);
  await restart();
  expect(medium()).toEqual(flash);
  await msd.eject();
});

test('an image that is deleted while it is in keeps its name, and can be ejected', async () => {
  await msd.insert(flash);
  await rm(flash.source);
  await expect(msd.insert({ ...cd, source: '/nope' })).rejects.toThrow('no such file');
  expect(medium()).toEqual(flash);
  kernel.failNext = { attribute: 'cdrom', code: 'EBUSY' };
  await expect(msd.insert(cd)).rejects.toThrow('another program');
  // It cannot be put back: nobody has it any more.
  expect(medium()).toBeUndefined();
  expect(log.messages).toContain('error The drive is not as it was before');
  await msd.insert(cd);
  await rm(cd.source);
  await restart();
  expect(medium()).toEqual(cd);
  await msd.eject();
  expect(medium()).toBeUndefined();
});

test('an image behind a link has the name that it was given', async () => {
  const source = join(directory, 'link.iso');
  symlinkSync(cd.source, source);
  await msd.insert({ ...cd, source });
  expect(kernel.file).toBe(cd.source);
  expect(medium()?.source).toBe(source);
});

test('acts come one after another', async () => {
  await Promise.all([msd.insert(cd), msd.eject(), msd.insert(flash)]);
  expect(medium()).toEqual(flash);
});

describe('a linked image', () => {
  const SIZE = 400 * 2048;
  const bytes = Buffer.alloc(SIZE, 'linked');
  let served: NbdExport;
  let linked: MsdMedium;

  beforeEach(async () => {
    const path = join(directory, 'link.sock');
    served = await NbdExport.listen({
      ...{ path, sizeBytes: SIZE, onIdle: () => undefined },
      read: async (offset, length) => Uint8Array.from(bytes.subarray(offset, offset + length)),
    });
    linked = { source: `nbd+unix:///?socket=${path}`, cdrom: true, rw: false };
  });
  afterEach(() => served.close());

  async function expectRefusedWithoutNbdfuse(): Promise<void> {
    const { PATH = '' } = process.env;
    const bare = join(directory, 'bin');
    mkdirSync(bare);
    symlinkSync('/usr/bin/setpriv', join(bare, 'setpriv'));
    process.env.PATH = bare;
    try {
      await expect(msd.insert(linked)).rejects.toThrow(/apt install libnbd-bin fuse3/);
    } finally {
      process.env.PATH = PATH;
    }
  }

  test('is a file of the drive while it is in, whose bytes come from its source', async () => {
    await msd.insert(linked);
    expect(medium()).toEqual(linked);
    const { file } = kernel;
    expect(file).toBe(join(directory, 'link/image'));
    expect(await readFile(file)).toEqual(bytes);
    await msd.insert(cd);
    expect(medium()).toEqual(cd);
    expect(existsSync(file)).toBe(false);
    await msd.insert(linked);
    kernel.ejectByMachine();
    await until(msd.state, (state) => state.medium === undefined, AbortSignal.timeout(10_000));
    expect(existsSync(join(directory, 'link'))).toBe(false);
  });

  test('leaves the drive with the server', async () => {
    await msd.insert(linked);
    await restart();
    expect(kernel.file).toBe('');
    expect(existsSync(join(directory, 'link'))).toBe(false);
  });

  describe('that another program mounts', () => {
    const codes: Promise<number>[] = [];
    const ends: (() => void)[] = [];
    let service: Server;
    beforeEach(async () => {
      codes.length = 0;
      ends.length = 0;
      // As the streams of a process, one may end without the other.
      service = createServer({ allowHalfOpen: true }, (socket) => {
        const ending = new AbortController();
        const { signal } = ending;
        const streams = {
          stdin: socket.pipe(new PassThrough()),
          stdout: socket,
          stderr: { write: () => true },
        };
        codes.push(nbdfuseCommand([], { ...streams, signal }).finally(() => socket.end()));
        ends.push(() => ending.abort());
      });
      service.listen(join(directory, 'mount.sock'));
      await once(service, 'listening');
    });
    afterEach(() => {
      service.close();
    });

    test('is there until the drive lets go of it', async () => {
      await msd.insert(linked);
      expect(await readFile(kernel.file)).toEqual(bytes);
      expect(medium()).toEqual(linked);
      await msd.eject();
      expect(existsSync(join(directory, 'link'))).toBe(false);
      expect(await Promise.all(codes)).toEqual([0]);
    });

    test('is ejected when what mounts it ends, and can be put in again', async () => {
      await msd.insert(linked);
      for (const end of ends) end();
      // The drive may see it before the connection does, or after it.
      await expect.poll(() => log.messages.join(), WAIT).toMatch(/has ended.*insert it again/);
      expect(await Promise.all(codes)).toEqual([0]);
      await until(msd.state, () => medium() === undefined);
      expect(kernel.file).toBe('');
      expect(log.messages.at(-1)).toContain('insert it again');
      await msd.insert(linked);
      expect(await readFile(kernel.file)).toEqual(bytes);
    });

    test('is refused as that program refuses it', async () => {
      await served.close();
      await expect(msd.insert(linked)).rejects.toThrow(
        /USB drive: nbd_connect_unix: .*No such file/,
      );
      await expectRefusedWithoutNbdfuse();
      expect(await Promise.all(codes)).toEqual([1, 1]);
      expect(medium()).toBeUndefined();
    });

    test.each([
      ['nothing', ''],
      ['a path that is relative', 'relative\n/file\n'],
      ['an option', '/socket\n--help\n'],
      ['a line without an end', 'x'.repeat(9000)],
    ])('asks for two paths, not for %s', async (_, said) => {
      const socket = await connectUnix(join(directory, 'mount.sock'), AbortSignal.timeout(5000));
      socket.end(said);
      socket.resume();
      await once(socket, 'close');
      expect(await Promise.all(codes)).toEqual([2]);
    });
  });

  test('is refused without nbdfuse, which is told, or when nobody serves it', async () => {
    await msd.insert(cd);
    await expectRefusedWithoutNbdfuse();
    await served.close();
    await expect(msd.insert(linked)).rejects.toEqual(named('MsdDriveError'));
    expect(medium()).toEqual(cd);
  });
});
