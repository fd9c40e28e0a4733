import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { configSchema } from './config/schema.ts';
import { silentLog } from './core/log.ts';
import { ustreamerOptionsOf } from './machine-capture.ts';

async function options(streamer: object, directory = '') {
  const stateDir = await mkdtemp(join(tmpdir(), 'u-'));
  onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
  const { kvmd } = configSchema.parse({ kvmd: { streamer } });
  const place = { id: 'default', stateDir: join(stateDir, directory) };
  return { stateDir, ...(await ustreamerOptionsOf(kvmd.streamer, place, silentLog)) };
}

it('takes words out of the command and puts others behind it, as PiKVM does', async () => {
  const { command, resolutions, preStart } = await options({
    cmd: ['/opt/ustreamer', '--a', '--b', '--a'],
    cmd_remove: ['--a', '/opt/ustreamer'],
    cmd_append: ['--c'],
    slowdown: true,
    resolution: { default: '1280x720', available: ['640x480', '1280x720'] },
  });
  expect(command).toEqual(['/opt/ustreamer', '--b', '--c', '--slowdown']);
  expect(preStart).toEqual(['/bin/true', 'pre-start']);
  expect(resolutions).toEqual(['1280x720', '640x480']);
});

it('has a socket of the machine, in a directory that is there', async () => {
  const { stateDir, socketPath, resolutions } = await options({});
  expect(socketPath).toBe(join(stateDir, 'machines/default/ustreamer.sock'));
  expect((await stat(join(stateDir, 'machines/default'))).isDirectory()).toBe(true);
  expect(resolutions).toBeUndefined();
  expect((await options({ unix: '/run/u.sock' })).socketPath).toBe('/run/u.sock');
  await expect(options({}, 'x'.repeat(100))).rejects.toThrow('set kvmd.streamer.unix');
});
