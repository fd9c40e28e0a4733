import { once } from 'node:events';
import { connect } from 'node:net';
import { generate } from 'selfsigned';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { FrontRig } from './support/front-rig.ts';
import { http } from './support/http-client.ts';
import { RawHttp } from './support/raw-http.ts';
import { recordingLog } from './support/recording-log.ts';

let rig: FrontRig;
let cookie: string;
beforeEach(async () => {
  rig = await FrontRig.start({
    extraMachines: ['second'],
    http: { limits: { headersTimeoutMs: 300, requestTimeoutMs: 600, connectionsPerAddress: 8 } },
  });
  cookie = await rig.login();
});
afterEach(() => rig.close());

const get = (path: string, headers: Record<string, string> = {}) =>
  http(`${rig.url}${path}`, { headers: { cookie, ...headers } });
const post = (path: string, headers: Record<string, string> = {}, body?: string) =>
  http(`${rig.url}${path}`, {
    method: 'POST',
    headers: { cookie, ...headers },
    ...(body === undefined ? {} : { body }),
  });

/** Sends bytes as they are and gives all that comes until the server closes. */
async function raw(text: string): Promise<string> {
  const socket = connect(rig.port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => {});
  socket.write(text);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

async function open(path = '/api/ws?stream=0', headers: Record<string, string> = { cookie }) {
  const socket = new WebSocket(`${rig.url.replace('http', 'ws')}${path}`, { headers });
  const received: string[] = [];
  socket.on('message', (data) => received.push(String(data)));
  await once(socket, 'open');
  return { socket, received };
}

test('answers the envelope as PiKVM prints it', async () => {
  const answer = await get('/api/auth/check');
  expect(answer.body.toString()).toBe('{\n    "ok": true,\n    "result": {}\n}');
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(answer.headers['x-content-type-options']).toBe('nosniff');
});

test('knows unknown paths before anybody is asked who they are', async () => {
  for (const path of ['/api/nope', '/nope', '/api', '/m/nobody/api/info', '/api/INFO']) {
    expect((await http(`${rig.url}${path}`)).status, path).toBe(404);
  }
  const answer = await http(`${rig.url}/api/atx/power`);
  expect([answer.status, answer.headers.allow]).toEqual([405, 'POST']);
});

test('redirects untidy paths to a place that works', async () => {
  for (const [path, location] of [
    ['/api/auth/check/', '/api/auth/check'],
    ['//api//auth//check?x=1', '/api/auth/check?x=1'],
    ['/m/second/api/atx/', '/m/second/api/atx'],
  ] as const) {
    const answer = await get(path);
    expect([answer.status, answer.headers.location]).toEqual([308, location]);
    expect((await get(location)).status).toBe(200);
  }
});

test('serves further machines by their id, each its own', async () => {
  expect((await post('/m/second/api/hid/events/send_key?key=KeyA&state=1')).status).toBe(200);
  expect(rig.hid.taken()).toEqual([]);
  expect((await post('/api/hid/events/send_key?key=KeyA&state=1')).status).toBe(200);
  expect(rig.hid.taken()).toEqual([['key', 'KeyA', true]]);
  expect((await get('/m/second/streamer/state')).body.toString()).toBe('video /streamer/state');
});

test('takes the first of repeated parameters and names what is wrong with it', async () => {
  const answer = await post('/api/atx/power?action=nope&action=on');
  expect(answer.status).toBe(400);
  expect(answer.result()).toEqual({
    error: 'ValidatorError',
    error_msg: "The argument 'nope' is not a valid ATX power action",
  });
  for (const query of [
    '',
    '?action=',
    `?action=${'x'.repeat(2000)}`,
    '?action=%ff%fe',
    '?action[]=on',
  ]) {
    expect((await post(`/api/atx/power${query}`)).status, query).toBe(400);
  }
});

test('reads only the body of a login: form, multipart or JSON', async () => {
  const forms = [
    ['application/x-www-form-urlencoded', 'user=admin&passwd=admin'],
    ['application/json', '{"user": "admin", "passwd": "admin", "expire": 60}'],
    [
      'multipart/form-data; boundary=X',
      '--X\r\nContent-Disposition: form-data; name="user"\r\n\r\nadmin\r\n--X\r\n' +
        'Content-Disposition: form-data; name="passwd"\r\n\r\nadmin\r\n--X--\r\n',
    ],
  ] as const;
  for (const [type, body] of forms) {
    const answer = await post('/api/auth/login', { 'content-type': type, cookie: '' }, body);
    expect(answer.headers['set-cookie']?.[0], type).toMatch(
      /^auth_token=[0-9a-f]{64}; HttpOnly; Path=\/; SameSite=Strict$/,
    );
  }
});

test('refuses broken, deep, lying and oversized bodies', async () => {
  const json = (body: string) =>
    post('/api/auth/login', { 'content-type': 'application/json' }, body);
  expect((await json('{"user":')).status).toBe(400);
  expect((await json('['.repeat(500_000))).status).toBe(400);
  expect((await json('{"user": {"$ne": 1}}')).status).toBe(400);
  expect((await json(`"${'x'.repeat(1024 * 1024)}"`)).status).toBe(413);
  const multipart = { 'content-type': 'multipart/form-data; boundary=X' };
  expect((await post('/api/auth/login', multipart, '--X\r\nbroken')).status).toBe(400);
  const head = 'POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
  // More is promised than comes; the server gives up after its time.
  expect(await raw(`${head}Content-Length: 50\r\n\r\n{}`)).toMatch(/^(HTTP\/1\.1 408|$)/);
  expect(await raw(`${head}Content-Length: nope\r\n\r\n{}`)).toMatch(/^HTTP\/1\.1 400/);
  expect(await raw('\x00\xff\xfe junk\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/);
  expect(await raw(`GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 431/,
  );
});

test('ignores the wish to speak another protocol, and keeps the connection', async () => {
  const wish = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk';
  const head = (method: string, path: string) =>
    `${method} ${path} HTTP/1.1\r\nHost: x\r\nCookie: ${cookie}\r\n${wish}\r\n`;
  const connection = await RawHttp.open(rig.port);
  for (let round = 0; round < 12; round += 1) {
    const atx = await connection.ask(Buffer.from(`${head('GET', '/api/atx')}\r\n`));
    expect(atx.body.toString()).toContain('leds');
  }
  const print = `${head('POST', '/api/hid/print')}Content-Length: 2\r\n\r\nab`;
  expect((await connection.ask(Buffer.from(print))).status).toBe(200);
  connection.close();
  expect(rig.hid.taken().filter(([name, , state]) => name === 'key' && state)).toHaveLength(2);
});

test('takes any type of a body that is only bytes', async () => {
  for (const type of ['', 'x', ';;', 'text/plain; charset=']) {
    expect((await post('/api/hid/reset', { 'content-type': type }, '{')).status, type).toBe(200);
  }
});

test('ends a connection whose headers never end', async () => {
  expect(await raw('GET /api/info HTTP/1.1\r\nHost: x\r\n')).toMatch(/^HTTP\/1\.1 408/);
});

test('takes state-changing requests and sockets of its own pages only', async () => {
  const evil = { origin: 'https://evil.example' };
  expect((await post('/api/hid/reset', evil)).status).toBe(403);
  expect((await post('/api/hid/reset', { origin: 'null' })).status).toBe(403);
  expect((await post('/api/hid/reset', { origin: rig.url })).status).toBe(200);
  expect((await get('/api/hid', evil)).status).toBe(200);
  await expect(open('/api/ws', { cookie, ...evil })).rejects.toThrow('403');
});

test('keeps the connections of one address within their number', async () => {
  const sockets = Array.from({ length: 12 }, () => connect(rig.port, '127.0.0.1'));
  for (const socket of sockets) socket.on('error', () => {});
  const closed = sockets.map((socket) => once(socket, 'close'));
  await Promise.race(closed);
  for (const socket of sockets) socket.destroy();
  await Promise.all(closed);
  expect((await get('/api/auth/check')).status).toBe(200);
});

test('refuses a socket as it would a request', async () => {
  await expect(open('/api/ws', {})).rejects.toThrow('401');
  await expect(open('/api/ws', { cookie: `auth_token=${'0'.repeat(64)}` })).rejects.toThrow('403');
  await expect(open('/api/ws?stream=x')).rejects.toThrow('400');
  await expect(open('/api/nope')).rejects.toThrow('404');
});

test('gives a joiner the whole state, in lines as PiKVM writes them', async () => {
  const { socket, received } = await open();
  while (received.length < 18) await once(socket, 'message');
  expect(received[0]).toBe(
    '{"event_type": "loop", "event": {"version": {"major": 4, "minor": 197}}}',
  );
  socket.terminate();
});

test('releases what a client held when it goes', async () => {
  const { socket } = await open();
  socket.send('{"event_type": "key", "event": {"key": "ShiftLeft", "state": true}}');
  socket.send(Buffer.from('01014b657941', 'hex'));
  socket.send(Buffer.from('0181001f', 'hex'));
  socket.send(Buffer.of(0));
  while (String((await once(socket, 'message'))[0]) !== '\ufffd');
  expect(rig.hid.taken().map(([, key]) => key)).toEqual(['ShiftLeft', 'KeyA', 'KeyS']);
  socket.close();
  await once(socket, 'close');
  await expect.poll(() => rig.hid.count).toBe(6);
  expect(rig.hid.taken().every(([, , pressed]) => pressed === false)).toBe(true);
});

test('ignores 10,000 junk messages and closes at a flood', async () => {
  const { socket } = await open();
  const junk = [
    'zzz',
    '[]',
    '1',
    '{"event_type": "ping"}',
    '{"event_type": "__proto__", "event": {}}',
  ];
  for (let i = 0; i < 10_000; i++) socket.send(junk[i % junk.length] ?? '');
  socket.send(Buffer.of(0));
  while (String((await once(socket, 'message'))[0]) !== '\ufffd');
  for (let i = 0; i < 10_001; i++) socket.send(Buffer.of(9, i & 0xff));
  expect((await once(socket, 'close'))[0]).toBe(1008);
});

test('closes for bad UTF-8 and for messages that are too large', async () => {
  const bad = await open();
  bad.socket.send(Buffer.of(0xff, 0xfe), { binary: false });
  expect((await once(bad.socket, 'close'))[0]).toBe(1007);
  const large = await open();
  large.socket.send('x'.repeat(5 * 1024 * 1024));
  expect((await once(large.socket, 'close'))[0]).toBe(1009);
  const deep = await open();
  deep.socket.send(`{"event_type": "key", "event": {"key": ${'['.repeat(1e6)}${']'.repeat(1e6)}}}`);
  deep.socket.send(Buffer.of(0));
  while (String((await once(deep.socket, 'message'))[0]) !== '\ufffd');
  deep.socket.terminate();
});

test('ends the sockets of a session with it, and all of them with the server', async () => {
  const { socket } = await open();
  const closed = once(socket, 'close');
  await post('/api/auth/logout');
  expect((await closed)[0]).toBe(1008);
  cookie = await rig.login();
  const other = await open();
  const stopped = once(other.socket, 'close');
  await rig.server.close();
  expect((await stopped)[0]).toBe(1001);
});

test('publishes its contract, also before a login', async () => {
  const answer = await http(`${rig.url}/api/openapi.json`);
  const document = JSON.parse(answer.body.toString());
  expect(document.openapi).toMatch(/^3\.1/);
  expect(Object.keys(document.paths)).toContain('/auth/login');
});

test('speaks TLS, where the cookie never leaves it and plain origins are others', async () => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }]);
  const { port } = await rig.server.listen({ host: '127.0.0.1', port: 0, tls: { key, cert } });
  const login = (origin: string) =>
    http(`https://127.0.0.1:${port}/api/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin },
      body: '{"user": "admin", "passwd": "admin"}',
    });
  const answer = await login(`https://127.0.0.1:${port}`);
  expect(answer.headers['set-cookie']?.[0]).toMatch(
    /; HttpOnly; Path=\/; SameSite=Strict; Secure$/,
  );
  expect((await login(`http://127.0.0.1:${port}`)).status).toBe(403);
});

test('believes what a client is only from a proxy that it trusts', async () => {
  const addresses: string[] = [];
  const { authenticate } = rig.auth;
  rig.auth.authenticate = (credentials) => {
    addresses.push(credentials.address);
    return authenticate.call(rig.auth, credentials);
  };
  await get('/api/auth/check', { 'x-real-ip': '203.0.113.7' });
  expect(addresses).toEqual(['127.0.0.1']);
});

test('answers a failing handler with 500 and goes on', async () => {
  Object.defineProperty(rig.machine.msd, 'state', {
    get() {
      throw new TypeError('broken');
    },
  });
  const answer = await get('/api/msd');
  expect([answer.status, answer.headers['content-type']]).toEqual([
    500,
    'text/plain; charset=utf-8',
  ]);
  expect(answer.body.toString()).not.toContain('broken');
  expect((await get('/api/auth/check')).status).toBe(200);
});

test('says with a status that an address has too many requests under way', async () => {
  await rig.close();
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  rig = await FrontRig.start({
    http: {
      limits: { requestsPerAddress: 2 },
      logReader: {
        async *read() {
          await held;
          yield { atMs: 0, unit: 'crashcart.service', message: 'done' };
        },
      },
    },
  });
  cookie = await rig.login();
  const waiting = [get('/api/log?follow=1'), get('/api/log?follow=1')];
  await expect.poll(async () => (await get('/api/auth/check')).status).toBe(503);
  expect((await get('/api/auth/check')).headers['retry-after']).toBe('1');
  release();
  await Promise.all(waiting);
  expect((await get('/api/auth/check')).status).toBe(200);
});

test('logs what changed something and what failed, without queries and input', async () => {
  const lines: object[] = [];
  const log = { ...recordingLog(), info: (details: object) => void lines.push(details) };
  const other = await FrontRig.start({ log });
  const own = { cookie: await other.login() };
  lines.length = 0;
  await http(`${other.url}/api/nope?passwd=x`, { headers: own });
  await http(`${other.url}/api/info`, { headers: own });
  await http(`${other.url}/api/hid/events/send_key?key=KeyA`, { method: 'POST', headers: own });
  await http(`${other.url}/api/atx/power?action=off`, { method: 'POST', headers: own });
  await other.close();
  const ms = expect.any(Number);
  expect(lines).toEqual([
    { method: 'GET', path: '/api/nope', status: 404, ms },
    { method: 'POST', path: '/api/atx/power', status: 200, ms },
  ]);
});
