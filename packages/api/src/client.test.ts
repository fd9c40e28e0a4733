import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { ApiError } from './api-error.ts';
import { createClient } from './client.ts';
import { keyFrame } from './frames.ts';
import type { SocketLike } from './socket-stream.ts';

let server: Server;
let baseUrl: string;
let answer: (
  request: IncomingMessage,
  body: string,
) => [status: number, body: string | Buffer, headers?: Record<string, string>];

beforeEach(async () => {
  server = createServer(async (request, response) => {
    const [status, body, headers] = answer(request, await text(request));
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const ok = (result: unknown) => JSON.stringify({ ok: true, result });

test('sends parameters in the query and credentials in headers, below a path', async () => {
  const seen: unknown[] = [];
  answer = ({ method, url, headers }) => {
    seen.push([method, url, headers['x-kvmd-user'], headers['x-kvmd-passwd']]);
    return [200, ok({})];
  };
  const credentials = { user: 'admin', passwd: 'pw', totp: () => '123456' };
  const client = createClient({ baseUrl: `${baseUrl}/m/lab1/`, credentials });
  await client.call('atxPower', { action: 'on', wait: true });
  await client.call('hidSendShortcut', { keys: ['ControlLeft', 'KeyC'] });
  expect(seen).toEqual([
    ['POST', '/m/lab1/api/atx/power?action=on&wait=1', 'admin', 'pw123456'],
    ['POST', '/m/lab1/api/hid/events/send_shortcut?keys=ControlLeft%2CKeyC', 'admin', 'pw123456'],
  ]);
});

test('sends the login as a form', async () => {
  let seen = '';
  answer = ({ headers, url }, body) => {
    seen = `${url} ${headers['content-type']} ${body}`;
    return [200, ok({})];
  };
  await createClient({ baseUrl }).call('authLogin', { user: 'admin', passwd: 'a&b' });
  expect(seen).toBe(
    '/api/auth/login application/x-www-form-urlencoded;charset=UTF-8 user=admin&passwd=a%26b',
  );
});

test('a login is followed by its session, until the logout', async () => {
  const seen: unknown[] = [];
  answer = ({ headers }) => {
    seen.push([headers.cookie, headers['x-kvmd-user']]);
    return [200, ok({ inactivity: 1 }), { 'set-cookie': 'auth_token=abc; HttpOnly; Path=/' }];
  };
  const client = createClient({ baseUrl, credentials: { user: 'admin', passwd: 'pw' } });
  await client.call('authLogin', { user: 'admin', passwd: 'pw' });
  await client.call('hidInactivity');
  await client.call('authLogout');
  await client.call('hidInactivity');
  expect(seen).toEqual([
    [undefined, 'admin'],
    ['auth_token=abc', undefined],
    ['auth_token=abc', undefined],
    [undefined, 'admin'],
  ]);
});

test('video comes as bytes', async () => {
  const sockets = new WebSocketServer({ server, path: '/api/media/ws' });
  sockets.on('connection', (socket, { url }) => {
    socket.send('{"event_type": "media"}');
    socket.send(Buffer.from(url ?? ''));
    socket.close();
  });
  const webSocket = (url: string) => new WebSocket(url) as unknown as SocketLike;
  const pictures: string[] = [];
  for await (const picture of createClient({ baseUrl, webSocket }).video('jpeg')) {
    pictures.push(Buffer.from(picture).toString());
  }
  expect(pictures).toEqual(['/api/media/ws?video=jpeg']);
  sockets.close();
});

test('gives typed results and bytes', async () => {
  const client = createClient({ baseUrl });
  answer = () => [200, ok({ inactivity: 7, newer: true })];
  expect((await client.call('hidInactivity')).inactivity).toBe(7);
  answer = () => [200, Buffer.from([0xff, 0xd8])];
  expect(await client.call('streamerSnapshot')).toEqual(new Uint8Array([0xff, 0xd8]));
});

test('sends a stream with its length, and tells the headers of a good answer', async () => {
  let seen: unknown;
  answer = ({ headers }, body) => {
    seen = [headers['content-length'], headers['transfer-encoding'], body];
    return [200, ok({ image: { name: 'x', size: 6, written: 6 } })];
  };
  const client = createClient({ baseUrl });
  const stream = new Blob(['abc', 'def']).stream();
  const lengths: (string | null)[] = [];
  const onHeaders = (headers: Headers) => lengths.push(headers.get('connection'));
  await client.call('msdWrite', { image: 'x' }, { body: { size: 6, stream }, onHeaders });
  expect(seen).toEqual(['6', undefined, 'abcdef']);
  expect(lengths).toHaveLength(1);
  answer = () => [400, 'no'];
  await expect(client.call('msd', {}, { onHeaders })).rejects.toMatchObject({ status: 400 });
  expect(lengths).toHaveLength(1);
});

test('errors carry the name, status and message of the server', async () => {
  const client = createClient({ baseUrl });
  const result = { error: 'AtxIsBusyError', error_msg: 'Busy' };
  answer = () => [409, JSON.stringify({ ok: false, result })];
  await expect(client.call('atxClick', { button: 'power' })).rejects.toMatchObject({
    name: 'AtxIsBusyError',
    status: 409,
    message: 'Busy',
  });
  answer = () => [404, '404: Not Found'];
  await expect(client.call('atx')).rejects.toEqual(
    new ApiError('HttpError', 404, '404: Not Found'),
  );
  answer = () => [200, ok({ inactivity: 'soon' })];
  await expect(client.call('hidInactivity')).rejects.toMatchObject({ name: 'ContractError' });
});

test('required arguments are required by type', () => {
  const client = createClient({ baseUrl });
  // @ts-expect-error an action must be named
  void (() => client.call('atxPower'));
  // @ts-expect-error there is no such action
  void (() => client.call('atxPower', { action: 'explode' }));
});

test('a call ends with its signal', async () => {
  const stop = new AbortController();
  answer = () => {
    stop.abort(new Error('enough'));
    return [200, ok({})];
  };
  const call = createClient({ baseUrl }).call('atx', {}, { signal: stop.signal });
  await expect(call).rejects.toThrow('enough');
});

test('yields events, skips unknown ones, sends frames, and ends with the socket', async () => {
  const sockets = new WebSocketServer({ server, path: '/api/ws' });
  const received: string[] = [];
  let upgrade: IncomingMessage | undefined;
  sockets.on('connection', (socket, request) => {
    upgrade = request;
    socket.send('{"event_type":"loop","event":{"version":{"major":4,"minor":197}}}');
    socket.send('{"event_type":"newer","event":{}}');
    socket.send('junk');
    socket.send('{"event_type":"msd","event":{"storage":{"uploading":null}}}');
    socket.on('message', (data: Buffer, isBinary) => {
      received.push(isBinary ? data.toString('hex') : data.toString());
      if (received.length === 2) socket.close();
    });
  });
  const client = createClient({
    baseUrl,
    credentials: { user: 'admin', passwd: 'pw' },
    webSocket: (url, headers) => new WebSocket(url, { headers }) as unknown as SocketLike,
  });
  const events = client.events({ stream: false });
  await events.opened;
  events.send('ping', {});
  events.sendFrame(keyFrame('KeyA', true));
  const seen: unknown[] = [];
  for await (const event of events) seen.push(event);
  expect(seen).toEqual([
    { event_type: 'loop', event: { version: { major: 4, minor: 197 } } },
    { event_type: 'msd', event: { storage: { uploading: null } } },
  ]);
  expect(received).toEqual(['{"event_type":"ping","event":{}}', '01014b657941']);
  expect(upgrade?.url).toBe('/api/ws?stream=0');
  expect(upgrade?.headers['x-kvmd-user']).toBe('admin');
  sockets.close();
});

test('a refused socket is told', async () => {
  answer = () => [403, 'no'];
  const client = createClient({
    baseUrl,
    webSocket: (url) => new WebSocket(url) as unknown as SocketLike,
  });
  await expect(client.events().opened).rejects.toBeInstanceOf(ApiError);
});

test('a download comes piece by piece, and a Blob goes up', async () => {
  const bytes = Buffer.alloc(300_000, 7);
  let got = '';
  answer = ({ method, headers }, body) => {
    if (method === 'GET') return [200, bytes];
    got = `${headers['content-length']} ${body.length}`;
    return [200, ok({ image: { name: 'x.img', size: 1000, written: 1000 } })];
  };
  const client = createClient({ baseUrl });
  const pieces: Uint8Array[] = [];
  for await (const piece of await client.call('msdRead', { image: 'x.img' })) pieces.push(piece);
  expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
  const body = new Blob(['y'.repeat(1000)]);
  await client.call('msdWrite', { image: 'x.img' }, { body });
  expect(got).toBe('1000 1000');
});

test('lines come one by one; one of them may be an error, or cut off', async () => {
  const first = `${JSON.stringify({ ok: true, result: { image: { name: 'é', size: 2, written: 0 } } })}\r\n`;
  let last = `${JSON.stringify({ ok: false, result: { error: 'ClientPayloadError', error_msg: 'cut' } })}\r\n`;
  answer = () => [200, first + last];
  const client = createClient({ baseUrl });
  const read = async () => {
    const seen: string[] = [];
    try {
      const lines = await client.call('msdWriteRemote', { url: 'http://x/' });
      for await (const { image } of lines) seen.push(image.name);
    } catch (error) {
      seen.push(error instanceof ApiError ? `${error.name}: ${error.message}` : String(error));
    }
    return seen;
  };
  expect(await read()).toEqual(['é', 'ClientPayloadError: cut']);
  last = '{"ok": tr';
  expect(await read()).toEqual(['é', 'HttpError: The answer was cut off']);
  last = '';
  expect(await read()).toEqual(['é']);
});
