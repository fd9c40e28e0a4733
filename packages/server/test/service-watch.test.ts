import { join } from 'node:path';
import { expect, it } from 'vitest';
import { until } from '../src/core/state.ts';
import { systemdNotifier } from '../src/platform/sd-notify.ts';
import { NotifySocket } from './support/notify-socket.ts';
import { ServerProcess } from './support/server-process.ts';
import { StateDirectory } from './support/state-directory.ts';

const WATCHDOG = { WATCHDOG_USEC: '400000', CRASHCART_PASSWORD: 'one and only' };

it.each(['a file', 'no file'])('systemd hears of the server at a socket with %s', async (kind) => {
  await using state = new StateDirectory();
  const place = join(state.path, 'notify');
  await using systemd = new NotifySocket(kind === 'a file' ? place : `@${place}`);
  const argv = ['--state', join(state.path, 'state'), '--port', '0', '--no-machine'];
  const server = await ServerProcess.start(argv, { ...systemd.env, ...WATCHDOG });
  await until(systemd.told, ({ length }) => length > 3);
  expect(await server.end('SIGTERM')).toBe(0);
  const [first, ...rest] = systemd.told.value;
  expect([first, rest.pop(), ...new Set(rest)]).toEqual(['READY=1', 'STOPPING=1', 'WATCHDOG=1']);
});

it("systemd hears of a server without koffi by systemd's own program", async () => {
  await using state = new StateDirectory();
  await using systemd = new NotifySocket(join(state.path, 'notify'));
  const notify = systemdNotifier(systemd.env, () => {
    throw new Error('The optional package koffi is missing');
  });
  await notify?.('READY=1');
  await until(systemd.told, (told) => told.some((text) => text.trim() === 'READY=1'));
});
