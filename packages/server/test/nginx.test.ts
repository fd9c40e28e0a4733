import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { selfSigned } from '../src/tls/certificate.ts';
import { launchBrowser } from './support/browser.ts';
import { http } from './support/http-client.ts';
import { faultsIn, Nginx } from './support/nginx.ts';
import { logInTo, PASSWORD, PageRig } from './support/page-rig.ts';

const MAIN = fileURLToPath(new URL('../bundle/main.js', import.meta.url));
const DISABLED = { type: 'disabled' };
const AS_ADMIN = { 'x-kvmd-user': 'admin', 'x-kvmd-passwd': PASSWORD };

const rig = new PageRig();
const socketPath = join(rig.directory, 'http.sock');
let nginx: Nginx;
let url = '';

beforeAll(async () => {
  url = await rig.start({
    kvmd: { server: { unix: socketPath } },
    machines: { rack: { hid: DISABLED, atx: DISABLED, msd: DISABLED, streamer: DISABLED } },
  });
  nginx = await Nginx.start(socketPath);
});
afterAll(async () => {
  await nginx?.[Symbol.asyncDispose]();
  await rig.close();
});

const get = (path: string, headers: Readonly<Record<string, string>> = AS_ADMIN) =>
  http(nginx.url + path, { headers });

/** How a WebSocket begins: its first message, or the status of the refusal. */
async function opened(path: string, headers: Readonly<Record<string, string>>) {
  const socket = new WebSocket(nginx.url.replace('https', 'wss') + path, {
    ...{ headers, rejectUnauthorized: false },
  });
  socket.on('error', () => {});
  try {
    return await Promise.race([
      once(socket, 'message').then(([data]) => String(data)),
      once(socket, 'unexpected-response').then(([, { statusCode }]) => statusCode as number),
    ]);
  } finally {
    socket.terminate();
  }
}

it('prints, as a program of its own, what nginx finds no fault in', async () => {
  await selfSigned(join(rig.directory, 'tls'), '127.0.0.1');
  const config = join(rig.directory, 'crashcart.yaml');
  const argv = ['nginx', '--print', '--config', config, '--state', rig.directory];
  for (const more of [[], ['--no-https'], ['--root', '/web', '--acme', '/acme']]) {
    const text = execFileSync(process.execPath, [MAIN, ...argv, '--run', rig.directory, ...more]);
    const file = join(rig.directory, 'printed.conf');
    writeFileSync(file, text);
    expect(faultsIn(file)).toBe('');
  }
});

it('tells the server who asks, and nobody is taken for the proxy', async () => {
  // On this socket root needs no password, and the workers may be root's.
  for (const path of ['/api/auth/check', '/api/info', '/m/rack/api/info', '/streamer/state']) {
    expect((await get(path, {})).status).toBe(401);
    expect((await get(path, { 'x-real-ip': '' })).status).toBe(401);
  }
  const login = await http(`${nginx.url}/api/auth/login`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...{ 'x-real-ip': '192.0.2.1', 'x-forwarded-for': '192.0.2.1' },
    },
    body: new URLSearchParams({ user: 'admin', passwd: PASSWORD }).toString(),
  });
  const [cookie = ''] = login.headers['set-cookie'] ?? [];
  expect(cookie).toContain('; Secure');
  const answer = await get('/api/auth/sessions', { cookie: cookie.split(';')[0] ?? '' });
  expect(answer.result()).toMatchObject({ sessions: [{ own: true, address: '127.0.0.1' }] });
});

it('passes WebSockets on, and pages of other hosts not', async () => {
  for (const path of ['/api/ws', '/m/rack/api/ws']) {
    expect(await opened(path, AS_ADMIN)).toContain('"loop"');
    expect(await opened(path, { ...AS_ADMIN, origin: nginx.url })).toContain('"loop"');
    for (const origin of ['https://evil.example', nginx.url.replace('https', 'http')]) {
      expect(await opened(path, { ...AS_ADMIN, origin })).toBe(403);
    }
    expect(await opened(path, {})).toBe(401);
  }
  expect(await opened('/api/media/ws', AS_ADMIN)).toContain('"media"');
  expect(await opened('/api/media/ws', {})).toBe(401);
  expect(await opened('/m/rack/api/media/ws', {})).toBe(401);
});

it('asks Janus when it is there, of who may', async () => {
  expect(await opened('/janus/ws', AS_ADMIN)).toBe(502);
  const server = createServer();
  const janus = new WebSocketServer({ server });
  janus.on('connection', (socket, request) => socket.send(`janus ${request.url}`));
  server.listen(nginx.janusPath);
  await once(server, 'listening');
  expect(await opened('/janus/ws', AS_ADMIN)).toBe('janus /');
  expect(await opened('/janus/ws', {})).toBe(401);
  janus.close();
  server.close();
  await once(server, 'close');
});

it('passes an image on while it comes, and bounds other bodies', async () => {
  const bytes = 8 * 1024 * 1024;
  const upload = request(`${nginx.url}/api/msd/write?image=through.iso`, {
    method: 'POST',
    headers: { ...AS_ADMIN, 'content-length': bytes },
    rejectUnauthorized: false,
  });
  upload.write(Buffer.alloc(bytes / 2, 1));
  const written = async () => {
    const state = (await get('/api/msd')).result() as {
      storage: { uploading: { written: number } | null };
    };
    return state.storage.uploading?.written ?? 0;
  };
  await expect.poll(written).toBe(bytes / 2);
  upload.end(Buffer.alloc(bytes / 2, 1));
  const [response] = (await once(upload, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  response.resume();
  await once(response, 'end');
  const image = await get('/api/msd/read?image=through.iso');
  expect(image.body.equals(Buffer.alloc(bytes, 1))).toBe(true);
  const tooBig = await http(`${nginx.url}/api/auth/login`, {
    method: 'POST',
    body: 'x'.repeat(4097),
  });
  expect(tooBig.status).toBe(413);
});

it('streams without a buffer', async () => {
  const sent = request(`${nginx.url}/streamer/stream`, {
    ...{ headers: AS_ADMIN, rejectUnauthorized: false },
  });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  expect(response.headers['content-type']).toContain('multipart/x-mixed-replace');
  // The stream has no end, so whatever comes was not kept back.
  const [first] = await once(response, 'data');
  expect(String(first)).toContain('--boundarydonotcross');
  response.destroy();
  expect((await get('/m/rack/streamer/state')).status).toBe(200);
  expect((await get('/m/rack/streamer/state', {})).status).toBe(401);
});

it('redirects within the one entry point', async () => {
  expect((await get('/api/auth/check/')).headers.location).toBe('/api/auth/check');
  expect((await get('/streamer/state/')).headers.location).toBe('/streamer/state');
  expect((await get('/m/rack')).headers.location).toBe('/m/rack/');
  expect((await get('/kvm/')).headers.location).toBe('/kvm');
});

it('serves the page as the server does, packed and with its headers', async () => {
  const login = await get('/login', { 'accept-encoding': 'gzip' });
  expect(login.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-encoding': 'gzip',
    'strict-transport-security': 'max-age=31536000',
  });
  const { headers } = await http(`${url}login`);
  for (const name of ['content-security-policy', 'x-frame-options', 'referrer-policy']) {
    expect(login.headers[name]).toBe(headers[name]);
  }
  const page = (await get('/m/rack/', {})).body.toString();
  const asset = /\.(\/assets\/[^"]+\.js)/.exec(page)?.[1] ?? '';
  for (const base of ['', '/m/rack']) {
    const script = await get(base + asset, {});
    expect(script).toMatchObject({ status: 200 });
    expect(script.headers['cache-control']).toContain('immutable');
    expect(script.headers['content-type']).toBe('application/javascript; charset=utf-8');
  }
});

it('shows the page in a browser: login, and a picture that moves', async () => {
  const browser = await launchBrowser();
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    const sockets: string[] = [];
    page.on('websocket', (socket) => sockets.push(new URL(socket.url()).pathname));
    await logInTo(page, nginx.url);
    const canvas = page.locator('canvas.picture');
    const picture = () => canvas.evaluate((element) => (element as HTMLCanvasElement).toDataURL());
    const drawn = () =>
      canvas.evaluate((element) => {
        const { width, height } = element as HTMLCanvasElement;
        const context = (element as HTMLCanvasElement).getContext('2d');
        return context?.getImageData(0, 0, width, height).data.some((byte) => byte !== 0);
      });
    await expect.poll(drawn).toBe(true);
    const before = await picture();
    // The machine starts anew, so its screen changes whatever it showed.
    const reset = await http(`${nginx.url}/api/atx/power?action=reset_hard`, {
      ...{ method: 'POST', headers: AS_ADMIN },
    });
    expect(reset.status).toBe(200);
    await expect.poll(picture).not.toBe(before);
    expect(sockets).toEqual(expect.arrayContaining(['/api/ws', '/api/media/ws']));
    await page.reload();
    await page.getByRole('status', { name: 'Status' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
    expect(faults).toEqual([]);
  } finally {
    await browser.close();
  }
});

it('asks services of their own without the prefix', async () => {
  const folder = join(rig.directory, 'services');
  mkdirSync(folder);
  const servers = ['streamer', 'media'].map((name) => {
    const server = createServer((message, response) => response.end(`${name} ${message.url}`));
    return server.listen(join(folder, name));
  });
  await using other = await Nginx.start(socketPath, {
    argv: [
      ...['--streamer-unix', join(folder, 'streamer')],
      ...['--media-unix', join(folder, 'media')],
    ],
  });
  const ask = async (path: string) =>
    (await http(other.url + path, { headers: AS_ADMIN })).body.toString();
  expect(await ask('/streamer')).toBe('streamer /');
  expect(await ask('/streamer/stream?key=1')).toBe('streamer /stream?key=1');
  expect(await ask('/api/media')).toBe('media /');
  expect((await http(`${other.url}/streamer/state`)).status).toBe(401);
  for (const server of servers) server.close();
});

it('is back at once when the server is', async () => {
  await rig.server?.end('SIGTERM');
  expect((await get('/api/auth/check')).status).toBe(502);
  await rig.restart(new URL(url).port);
  expect((await get('/api/auth/check')).status).toBe(200);
});
