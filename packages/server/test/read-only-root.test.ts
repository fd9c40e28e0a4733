import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { http } from './support/http-client.ts';
import { MAIN, ServerProcess } from './support/server-process.ts';
import { processesOf } from './support/state-directory.ts';

const headers = { authorization: `Basic ${btoa('admin:one and only')}` };
const ENV = { CRASHCART_PASSWORD: 'one and only', TMPDIR: '/tmp' };

/** Everything read-only but the directory `$1`, /run and devices; then the rest of the arguments is run. */
const READ_ONLY = `set -e
kept=$1
shift
mount --make-rprivate /
mount --bind "$kept" "$kept"
mount -t tmpfs none /run
cut -d' ' -f5 /proc/self/mountinfo | grep -v -x -e "$kept" -e /run -e '/dev\\(/.*\\)\\?' -e '/proc\\(/.*\\)\\?' |
  while read -r place; do mount -o remount,bind,ro "$place"; done
if touch /tmp/.crashcart-probe || touch /var/tmp/.crashcart-probe; then exit 99; fi
exec "$@"`;

/** Needs the right to mount. */
const may = spawnSync('unshare', ['--mount', 'true']).status === 0;

it.runIf(may)('a server with its machine writes only its state directory and /run', async () => {
  // Not in /tmp, which is to be read-only as a whole.
  const directory = mkdtempSync('/var/tmp/cc-read-only-');
  try {
    const [state, config] = [join(directory, 'state'), join(directory, 'server.yaml')];
    mkdirSync(state);
    writeFileSync(config, 'qemu: {accel: tcg, memory: 64}\n');
    const argv = ['--state', state, '--config', config, '--port', '0', '--unix', '/run/core.sock'];
    const wrapper = ['unshare', '--mount', 'sh', '-c', READ_ONLY, 'sh', directory];
    const server = await ServerProcess.start(argv, ENV, [...wrapper, process.execPath, MAIN]);
    onTestFinished(async () => void (await server.end('SIGKILL')));
    const ask = async (path: string, options = {}) => {
      const answer = await http(`${server.url}${path}`, { headers, ...options });
      return { status: answer.status, body: answer.body };
    };
    const post = { method: 'POST' };
    const image = Buffer.alloc(100_000, 7);
    expect((await ask('api/msd/write?image=a.img', { ...post, body: image })).status).toBe(200);
    expect((await ask('api/msd/read?image=a.img')).body.equals(image)).toBe(true);
    expect((await ask('api/msd/read?image=a.img&compress=zstd')).status).toBe(200);
    const on = () => ask('api/atx/power?action=on&wait=1', post);
    await expect.poll(async () => (await on()).status).toBe(200);
    // Starts the capture, as the API's does not.
    const picture = async () => (await ask('streamer/snapshot')).status;
    await expect.poll(picture).toBe(200);
    expect((await ask('api/streamer/snapshot?save=1&allow_offline=1')).status).toBe(200);
    expect((await ask('api/streamer/snapshot?ocr=1&load=1')).status).toBe(200);
    expect((await ask('api/log')).body.length).toBeGreaterThan(0);
    expect(await server.end('SIGINT')).toBe(0);
    const log = readFileSync(join(state, 'log/crashcart.log'), 'utf8');
    // Neither warnings nor errors.
    expect(log).not.toMatch(/"level":[456]0/);
    expect(readdirSync(directory).sort()).toEqual(['server.yaml', 'state']);
  } finally {
    for (const pid of processesOf('qemu-system', directory)) process.kill(pid, 'SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
});
