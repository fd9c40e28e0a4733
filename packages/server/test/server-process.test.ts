import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { request } from 'node:http';
import { get } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { FakeQmp } from './support/fake-qmp.ts';
import { freePort } from './support/free-port.ts';
import { http } from './support/http-client.ts';
import { MAIN, ServerProcess } from './support/server-process.ts';
import { StateDirectory } from './support/state-directory.ts';

const PASSWORD = { CRASHCART_PASSWORD: 'one and only' };
const basic = (password: string) => ({
  authorization: `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`,
});
const ADMIN = basic(PASSWORD.CRASHCART_PASSWORD);
/** A small emulated machine: no probing, little memory. */
const SMALL = 'qemu: {accel: tcg, memory: 64}\n';

interface Running extends AsyncDisposable {
  readonly server: ServerProcess;
}

/** The server on this directory with admin's known password; it ends with its test. */
async function run(
  state: StateDirectory,
  argv: readonly string[] = [],
  env = {},
): Promise<Running> {
  const all = ['--state', state.path, '--port', '0', ...argv];
  const server = await ServerProcess.start(all, { ...PASSWORD, ...env });
  return {
    server,
    async [Symbol.asyncDispose]() {
      await server.end('SIGKILL');
    },
  };
}

/** A server that ends by itself: its exit code and what it said. */
function runToEnd(argv: readonly string[]): Promise<{ code: unknown; output: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...PASSWORD };
    const child = execFile(
      process.execPath,
      [MAIN, 'run', ...argv],
      { env, timeout: 20_000 },
      (_, out, err) => {
        resolve({ code: child.exitCode, output: out + err });
      },
    );
  });
}

async function webSocket(url: string, headers: Record<string, string>): Promise<WebSocket> {
  const address = `${url.replace(/^http/, 'ws')}api/ws`;
  const socket = new WebSocket(address, { rejectUnauthorized: false, headers });
  socket.on('error', () => undefined);
  await once(socket, 'open');
  return socket;
}

async function result(url: string, headers = ADMIN): Promise<Record<string, unknown>> {
  return (await http(url, { headers })).result() as Record<string, unknown>;
}

const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 20_000, interval: 100 });

describe('the first password', () => {
  it('lies in a file of its own without a terminal, never in a log, until it changes', async () => {
    await using state = new StateDirectory();
    await using running = await run(state, ['--no-machine'], { CRASHCART_PASSWORD: '' });
    const { server } = running;
    const path = join(state.path, 'first-password');
    expect(server.output.join('\n')).toContain(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const password = readFileSync(path, 'utf8').trim();
    const check = (of: string) => http(`${server.url}api/auth/check`, { headers: basic(of) });
    expect((await check(password)).status).toBe(200);
    expect(server.output.join('\n') + state.logs()).not.toContain(password);

    const argv = [MAIN, 'htpasswd', 'set', 'admin', '-i', '--state', state.path];
    const change = spawn(process.execPath, argv, { stdio: ['pipe', 'ignore', 'ignore'] });
    change.stdin.end('another one\n');
    expect((await once(change, 'close'))[0]).toBe(0);
    expect(() => statSync(path)).toThrow('ENOENT');
    await eventually(async () => expect((await check('another one')).status).toBe(200));
    expect((await check(password)).status).toBe(403);
  });
});

it('tells its version', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, '--version']);
  expect(stdout).toMatch(/^crashcart \d+\.\d+\.\d+\n$/);
});

describe('a server that cannot start', () => {
  it('says who has the state directory', async () => {
    await using state = new StateDirectory();
    await using running = await run(state, ['--no-machine']);
    const second = await runToEnd(['--no-machine', '--state', state.path, '--port', '0']);
    expect(second.code).toBe(1);
    expect(second.output).toContain(`Another crashcart (pid ${running.server.child.pid}) uses`);
    expect((await http(`${running.server.url}api/info`, { headers: ADMIN })).status).toBe(200);
  });

  it('says what is wrong with a port', async () => {
    await using state = new StateDirectory();
    const options = ['--state', state.path, '--config', state.config(SMALL)];
    const wrong = await runToEnd([...options, '--port', '99999']);
    expect(wrong).toEqual({
      code: 2,
      output: '--port takes a whole number from 0 to 65535, not "99999"\n',
    });
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const inUse = await runToEnd([...options, '--port', String(port)]);
    taken.close();
    expect(inUse.code).toBe(1);
    expect(inUse.output).toContain(
      `Cannot listen on 127.0.0.1:${port}: another program uses it. Choose another place with --port`,
    );
    expect(inUse.output).not.toMatch(/^\s*at /m);
    // The machine that it had begun went with it.
    expect(state.qemus()).toEqual([]);
  });

  it('says where the configuration is wrong', async () => {
    await using state = new StateDirectory();
    const file = state.config('server:\n  port: 1\nkvmd:\n  atx:\n    click_delay: soon\n');
    const { code, output } = await runToEnd(['--state', state.path, '--config', file]);
    expect(code).toBe(1);
    expect(output).toContain(`${file}:5: kvmd.atx.click_delay: "soon" is not allowed`);
    expect(output).not.toMatch(/^\s*at /m);
  });
});

describe('a PiKVM configuration', () => {
  it('is taken over; what it cannot be is one list at the start', async () => {
    await using state = new StateDirectory();
    const off = ['hid', 'atx', 'streamer'].map((part) => `  ${part}: {type: disabled}\n`).join('');
    const lines = 'vnc:\n  keymap: de\nkvmd:\n  msd:\n    write_chunk_size: 65536\n';
    const file = state.config(lines + off);
    await using running = await run(state, ['--pikvm-config', file]);
    const { output, url } = running.server;
    const told = output.slice(output.findIndex((line) => line.includes('cannot be taken over')));
    expect(told[0]).toBe('2 keys of the PiKVM configuration cannot be taken over:');
    expect(told).toContain(`  ${file}:2: vnc.keymap: is not supported: there is no VNC server`);
    expect(told).toContainEqual(
      expect.stringContaining(`  ${file}:5: kvmd.msd.write_chunk_size: `),
    );
    expect(state.logs()).toContain(`${file}:2: vnc.keymap: is not supported`);
    // The drive of a PiKVM, which is not here; no machine of our own in its place.
    const answer = await http(`${url}api/msd`, { headers: ADMIN });
    expect(answer.result()).toMatchObject({ enabled: true, online: false, drive: null });
    expect(state.qemus()).toEqual([]);
  });
});

describe('places to listen', () => {
  it('makes a certificate for the host that it prints, and a new one for each directory', async () => {
    const keys: string[] = [];
    for (let round = 0; round < 2; round++) {
      await using state = new StateDirectory();
      await using running = await run(state, ['--no-machine']);
      const ca = readFileSync(join(state.path, 'tls', 'server.crt'));
      keys.push(readFileSync(join(state.path, 'tls', 'server.key'), 'utf8'));
      for (const host of ['127.0.0.1', 'localhost']) {
        const url = running.server.url.replace('127.0.0.1', host);
        // Node's own check of chain and names is on.
        const [answer] = await once(get(url, { ca, agent: false }), 'response');
        expect(answer.statusCode).toBe(200);
        answer.destroy();
      }
    }
    expect(keys[0]).not.toBe(keys[1]);
  });

  it('serves plain HTTP and a unix socket when told', async () => {
    await using state = new StateDirectory();
    const socketPath = join(state.path, 'api.sock');
    const port = await freePort();
    const options = ['--no-machine', '--unix', socketPath, '--plain-http', String(port)];
    await using running = await run(state, options);
    expect(running.server.url).toMatch(/^https:/);
    const plain = await http(`http://127.0.0.1:${port}/api/auth/check`, { headers: ADMIN });
    expect(plain.status).toBe(200);
    const statusOf = async (path: string) => {
      const [answer] = await once(request({ socketPath, path }).end(), 'response');
      answer.resume();
      return answer.statusCode;
    };
    // The system says who is at the other end; only root needs no password.
    expect(await statusOf('/info')).toBe(process.getuid?.() === 0 ? 200 : 401);
    expect(await statusOf('/nothing')).toBe(404);
    expect(statSync(socketPath).mode & 0o777).toBe(0o660);
  });

  it('serves each machine and its page below its name', async () => {
    await using state = new StateDirectory();
    const off = '{type: disabled}';
    const file = state.config(
      `${SMALL}machines:\n  lab1: {name: Lab, hid: ${off}, atx: ${off}, msd: ${off}, streamer: ${off}}\n`,
    );
    await using running = await run(state, ['--config', file]);
    const { url } = running.server;
    expect(await result(`${url}api/atx`)).toMatchObject({ enabled: true });
    expect(await result(`${url}m/lab1/api/atx`)).toMatchObject({ enabled: false });
    expect((await http(`${url}m/lab1`)).headers.location).toBe('/m/lab1/');
    const page = await http(`${url}m/lab1/`);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    const scripts = /src="([^"]+\.js)"/.exec(page.body.toString());
    const script = await http(new URL(scripts?.[1] ?? '', `${url}m/lab1/`).href);
    expect(script.headers['content-type']).toContain('javascript');
    expect((await http(`${url}m/lab2/`)).status).toBe(404);
    expect((await http(`${url}m/lab2/api/atx`, { headers: ADMIN })).status).toBe(404);
    expect(await running.server.end('SIGINT')).toBe(0);
  });
});

describe('a WebSocket', () => {
  it('ends with its session', async () => {
    await using state = new StateDirectory();
    await using running = await run(state, ['--no-machine']);
    const { url } = running.server;
    const body = `user=admin&passwd=${encodeURIComponent(PASSWORD.CRASHCART_PASSWORD)}`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const login = await http(`${url}api/auth/login`, { method: 'POST', headers, body });
    const cookie = login.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    const socket = await webSocket(url, { cookie });
    const closed = once(socket, 'close', { signal: AbortSignal.timeout(5000) });
    const logout = await http(`${url}api/auth/logout`, { method: 'POST', headers: { cookie } });
    expect(logout.status).toBe(200);
    await closed;
    expect((await http(`${url}api/info`, { headers: { cookie } })).status).toBe(403);
  });

  it('lets go of the keys of a client that was killed, and of no others', async () => {
    await using state = new StateDirectory();
    await using qmp = await FakeQmp.start(join(state.path, 'fake.sock'));
    const file = state.config(`qemu: {attach: {qmp: ${qmp.path}}}\n`);
    await using running = await run(state, ['--config', file]);
    const { url } = running.server;
    const stays = await webSocket(url, ADMIN);
    stays.send(Buffer.from('\x01\x01KeyA', 'latin1'));
    await qmp.until('down a');
    const leaves = spawnClient(url);
    await qmp.until('down shift');
    leaves.kill('SIGKILL');
    await qmp.until('up shift');
    expect(qmp.keys).toEqual(['down a', 'down shift', 'up shift']);
    stays.terminate();
    await qmp.until('up a');
  });
});

describe('a server and its QEMU', () => {
  it('finds its machine again after kill -9 at any moment, and after a stop', async () => {
    await using state = new StateDirectory();
    const options = ['--config', state.config(SMALL)];
    const argv = [MAIN, 'run', '--state', state.path, '--port', '0', ...options];
    const env = { ...process.env, ...PASSWORD };
    for (let round = 0; round < 8; round++) {
      const child = spawn(process.execPath, argv, { env, stdio: 'ignore' });
      const closed = once(child, 'close');
      await new Promise((resolve) => setTimeout(resolve, 150 + Math.random() * 900));
      child.kill('SIGKILL');
      await closed;
      expect(state.qemus().length).toBeLessThan(2);
    }
    const begun = state.qemus();
    let machine: readonly number[];
    {
      await using running = await run(state, options);
      machine = state.qemus();
      expect(machine).toHaveLength(1);
      if (begun.length > 0) expect(machine).toEqual(begun);
      await eventually(async () => expect(await powerOf(running)).toBe(true));
      for (const path of jsonFilesBelow(state.path)) JSON.parse(readFileSync(path, 'utf8'));
      expect(await running.server.end('SIGTERM')).toBe(0);
      expect(state.qemus()).toEqual(machine);
    }
    await using running = await run(state, options);
    expect(state.qemus()).toEqual(machine);
    await eventually(async () => expect(await powerOf(running)).toBe(true));
    expect(await running.server.end('SIGINT')).toBe(0);
    expect(state.qemus()).toEqual([]);
  });

  it('starts a QEMU again that died, and waits for one that hangs', async () => {
    await using state = new StateDirectory();
    await using running = await run(state, ['--config', state.config(SMALL)]);
    const [first = 0] = state.qemus();
    await eventually(async () => expect(await powerOf(running)).toBe(true));
    process.kill(first, 'SIGKILL');
    await eventually(() => expect(state.qemus().filter((pid) => pid !== first)).toHaveLength(1));
    await eventually(async () => expect(await powerOf(running)).toBe(true));
    const [second = 0] = state.qemus();
    process.kill(second, 'SIGSTOP');
    await eventually(async () => expect(await powerOf(running)).toBe(false));
    expect(state.logs()).toMatch(/The machine does not work/);
    process.kill(second, 'SIGCONT');
    await eventually(async () => expect(await powerOf(running)).toBe(true));
    expect(state.qemus()).toEqual([second]);
    expect(await running.server.end('SIGINT')).toBe(0);
  });

  it('stays up without QEMU, and says why there is no picture', async () => {
    await using state = new StateDirectory();
    symlinkSync('/usr/bin/xorriso', join(state.path, 'xorriso'));
    const options = ['--config', state.config(SMALL)];
    await using running = await run(state, options, { PATH: state.path });
    const { url, child } = running.server;
    const viewer = await webSocket(`${url}`, ADMIN);
    const missing = /qemu-system-x86_64 is not installed/;
    await eventually(async () => {
      const { streamer } = await result(`${url}api/streamer`);
      expect(JSON.stringify(streamer)).toMatch(missing);
    });
    const picture = await http(`${url}api/streamer/snapshot?allow_offline=1`, { headers: ADMIN });
    expect(picture.headers['content-type']).toBe('image/jpeg');
    expect(picture.headers['x-ustreamer-online']).toBe('false');
    const power = await http(`${url}api/atx/power?action=on&wait=1`, {
      ...{ method: 'POST', headers: ADMIN },
    });
    expect(power.status).toBe(503);
    expect(power.body.toString()).toMatch(missing);
    expect(state.logs()).toMatch(missing);
    expect(child.exitCode).toBeNull();
    viewer.terminate();
  });
});

async function powerOf({ server }: Running): Promise<unknown> {
  const { leds } = await result(`${server.url}api/atx`);
  return (leds as { power: boolean }).power;
}

/** Another process with a WebSocket that holds Shift. */
function spawnClient(url: string): ChildProcess {
  const code = `
    const { WebSocket } = require('ws');
    const socket = new WebSocket(process.argv[1], {
      rejectUnauthorized: false, headers: ${JSON.stringify(ADMIN)} });
    socket.on('open', () => socket.send(Buffer.from('\\x01\\x01ShiftLeft', 'latin1')));`;
  const address = `${url.replace(/^http/, 'ws')}api/ws`;
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  return spawn(process.execPath, ['-e', code, address], { cwd, stdio: 'inherit' });
}

function jsonFilesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(folder, name));
}
