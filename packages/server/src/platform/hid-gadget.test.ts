import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../test/support/gpio-context.ts';
import { openRawTerminal } from '../../test/support/pseudo-terminal.ts';
import { SYSTEM_HID_GADGET_CALLS } from './hid-gadget.ts';

const openFiles = () => readdirSync('/proc/self/fd').length;

/** A queue of the kernel, which is full at some time. */
function makeFifo() {
  const directory = mkdtempSync(join(tmpdir(), 'hid-gadget-'));
  const path = join(directory, 'fifo');
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  onTestFinished(() => {
    closeSync(reader);
    rmSync(directory, { recursive: true });
  });
  return { path, read: (bytes: number) => readSync(reader, new Uint8Array(bytes)) };
}

test('a device that takes no more says so, and tells when it does', async () => {
  const { path, read } = makeFifo();
  const file = SYSTEM_HID_GADGET_CALLS.open(path);
  const report = new Uint8Array(8);
  const fill = () => {
    for (let count = 0; count < 100_000; count += 1) file.write(report);
  };
  expect(fill).toThrow('EAGAIN');
  await file.writable(1);
  expect(() => file.write(report)).toThrow('EAGAIN');
  const waited = file.writable(60_000);
  while (read(4096) < 4096);
  await waited;
  file.write(report);
  file.close();
});

test('a device that is not there cannot be opened', () => {
  expect(() => SYSTEM_HID_GADGET_CALLS.open('/dev/hidg-none')).toThrow('ENOENT');
  const follow = () =>
    SYSTEM_HID_GADGET_CALLS.follow(
      '/dev/hidg-none',
      () => undefined,
      () => undefined,
    );
  expect(follow).toThrow('ENOENT');
});

test('reports of the host come as they are, and no process or descriptor is left', async () => {
  using line = await openRawTerminal();
  const before = openFiles();
  const seen: number[] = [];
  let ends = 0;
  const stop = SYSTEM_HID_GADGET_CALLS.follow(
    line.path,
    (bytes) => seen.push(...bytes),
    () => {
      ends += 1;
    },
  );
  line.far.write(Uint8Array.of(2, 0, 10, 13));
  await eventually(() => expect(seen).toEqual([2, 0, 10, 13]));
  stop();
  await eventually(() => expect(openFiles()).toBe(before));
  expect(ends).toBe(0);
});

test('a program that cannot be started is told', async () => {
  using line = await openRawTerminal();
  const { PATH } = process.env;
  onTestFinished(() => {
    process.env.PATH = PATH;
  });
  process.env.PATH = '/nowhere';
  const ended = new Promise<Error | undefined>((resolve) => {
    SYSTEM_HID_GADGET_CALLS.follow(line.path, () => undefined, resolve);
  });
  expect(String(await ended)).toContain('ENOENT');
});

test('the end of a device is told', async () => {
  const line = await openRawTerminal();
  let ends = 0;
  SYSTEM_HID_GADGET_CALLS.follow(
    line.path,
    () => undefined,
    () => {
      ends += 1;
    },
  );
  line[Symbol.dispose]();
  await eventually(() => expect(ends).toBe(1));
});
