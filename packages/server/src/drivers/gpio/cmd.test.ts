import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually, gpioContext, waitForOn } from '../../../test/support/gpio-context.ts';
import { CmdDriver, createCmdret } from './cmd.ts';
import { NoopDriver } from './noop.ts';
import { WolDriver } from './wol.ts';

test('cmd runs its command for on, waits for it, and tells its failure', async () => {
  const context = gpioContext('output', { 0: undefined });
  await using good = new CmdDriver({ cmd: ['/bin/true'] }, context);
  await good.write('0', true);
  expect(good.levels.value.get('0')).toBe(false);
  await using bad = new CmdDriver({ cmd: ['/bin/false'] }, context);
  await bad.write('0', false);
  await expect(bad.write('0', true)).rejects.toThrow('/bin/false ended with code 1');
  await using missing = new CmdDriver({ cmd: ['/no/such'] }, context);
  await expect(missing.write('0', true)).rejects.toThrow('not installed');
});

test('cmd kills what still runs at the end', async () => {
  const driver = new CmdDriver(
    { cmd: ['/bin/sleep', '1000'] },
    gpioContext('output', { 0: false }),
  );
  const run = driver.write('0', true);
  run.catch(() => undefined);
  await driver[Symbol.asyncDispose]();
  await expect(run).rejects.toThrow('closed');
});

test('cmdret is on while its command says so, and offline while it hangs', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cmdret-'));
  const flag = join(directory, 'flag');
  const hang = join(directory, 'hang');
  const script = 'if [ -e "$2" ]; then sleep 1000; fi; test -e "$1"';
  await using driver = createCmdret(
    { cmd: ['/bin/sh', '-c', script, 'sh', flag, hang], state_poll: 0.02, timeout: 1 },
    gpioContext('input', { x: undefined }),
  );
  await waitForOn(driver, []);
  await writeFile(flag, '');
  await waitForOn(driver, ['x']);
  await writeFile(hang, '');
  await waitForOn(driver, undefined);
  await rm(hang);
  await waitForOn(driver, ['x']);
  await rm(directory, { recursive: true });
});

test('wol sends its datagram for on, and nothing for off', async () => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const seen: Buffer[] = [];
  socket.on('message', (message) => seen.push(message));
  const { port } = socket.address();
  const options = { ip: '127.0.0.1', port, mac: '00:1b:c5:0a:0b:0c' };
  await using driver = new WolDriver(options, gpioContext('output', { 0: undefined }));
  await driver.write('0', false);
  await driver.write('0', true);
  await eventually(() => expect(seen).toHaveLength(1));
  expect(seen[0]?.length).toBe(102);
  expect(driver.levels.value.get('0')).toBe(false);
  socket.close();
});

test('wol may send to a broadcast address', async () => {
  const options = { ip: '127.255.255.255', port: 9, mac: '00:1b:c5:0a:0b:0c' };
  await using driver = new WolDriver(options, gpioContext('output', { 0: undefined }));
  await driver.write('0', true);
});

test('noop takes everything and keeps nothing', async () => {
  await using driver = new NoopDriver({}, gpioContext('output', { x: true }));
  await driver.write();
  expect(driver.levels.value).toEqual(new Map([['x', false]]));
});
