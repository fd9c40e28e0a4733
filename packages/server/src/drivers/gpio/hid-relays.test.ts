import { mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { gpioContext, waitForOn } from '../../../test/support/gpio-context.ts';
import type { OpenHid } from '../../platform/hidraw.ts';
import { createHidRelay, createNoyito } from './hid-relays.ts';

/** A V-USB board at the HID calls: feature reports in and out. */
function fakeBoard() {
  const board = { mask: 0, isThere: true, length: 8, opened: 0, sent: [] as string[] };
  const check = () => {
    if (!board.isThere) throw Object.assign(new Error('ENODEV'), { code: 'ENODEV' });
  };
  const openHid: OpenHid = async () => {
    check();
    board.opened += 1;
    return {
      async sendFeature(report) {
        check();
        board.sent.push(Buffer.from(report).toString('hex'));
        const bit = 1 << ((report[1] ?? 0) - 1);
        board.mask = report[0] === 0xff ? board.mask | bit : board.mask & ~bit;
      },
      async getFeature(report, bytes) {
        check();
        const data = new Uint8Array(Math.min(bytes, board.length));
        data.set([report, ...Buffer.from('ABCDE')].slice(0, data.length));
        if (data.length > 7) data[7] = board.mask;
        return data;
      },
      async write() {
        throw new Error('It has no output reports');
      },
      async close() {
        board.opened -= 1;
      },
    };
  };
  return { board, system: { openHid } };
}

const options = { device: '/dev/hidraw0', state_poll: 0.02 };

test('hidrelay sets relays, tells their state, and sets the first ones again at the end', async () => {
  const { board, system } = fakeBoard();
  board.mask = 0b100;
  const pins = { 0: true, 1: false, 2: undefined };
  const driver = createHidRelay(options, gpioContext('output', pins, { system }));
  await waitForOn(driver, ['0', '2']);
  expect(board.sent).toEqual(['ff01', 'fd02']);
  await driver.write('1', true);
  await waitForOn(driver, ['0', '1', '2']);
  board.mask = 0b10;
  await waitForOn(driver, ['1']);
  await driver[Symbol.asyncDispose]();
  expect(board.sent.slice(2)).toEqual(['ff02', 'ff01', 'fd02']);
  expect(board.opened).toBe(0);
});

test('hidrelay is offline while the board is away or tells half a report, then back', async () => {
  const { board, system } = fakeBoard();
  const context = gpioContext('output', { 0: undefined }, { system });
  await using driver = createHidRelay(options, context);
  await waitForOn(driver, []);
  board.isThere = false;
  await waitForOn(driver, undefined);
  await expect(driver.write('0', true)).rejects.toThrow('does not answer');
  board.isThere = true;
  await waitForOn(driver, []);
  board.length = 5;
  await waitForOn(driver, undefined);
  board.length = 8;
  board.mask = 1;
  await waitForOn(driver, ['0']);
});

test('noyito writes reports to its raw device and remembers what it wrote', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'noyito-'));
  const device = join(directory, 'hidraw0');
  // A file takes the bytes as a raw device does; each open begins at its start.
  await writeFile(device, '');
  const driver = createNoyito({ device }, gpioContext('output', { 0: true, 7: undefined }));
  await waitForOn(driver, ['0']);
  expect((await readFile(device)).toString('hex')).toContain('a00800a8');
  await (await open(device, 'w')).close();
  await driver.write('7', true);
  await waitForOn(driver, ['0', '7']);
  expect((await readFile(device)).toString('hex')).toContain('a00801a9');
  await rename(device, `${device}-away`);
  // The next look finds it gone; a write asks for one.
  await driver.write('0', false);
  await waitForOn(driver, undefined);
  await rename(`${device}-away`, device);
  await waitForOn(driver, ['7']);
  await driver[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});
