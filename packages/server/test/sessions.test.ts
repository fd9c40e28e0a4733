import { once } from 'node:events';
import { request } from 'node:http';
import { keyFrame, type SessionsState, sessionsState } from '@crashcart/api';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { serveStreamer } from '../src/frontends/http/serve-streamer.ts';
import { mediaStateOf, serveMediaSocket } from '../src/frontends/ws/media-socket.ts';
import { FrontRig } from './support/front-rig.ts';
import { http } from './support/http-client.ts';

/** The machine may have much else to do. */
const WAIT = { timeout: 20_000, interval: 50 };
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

let rig: FrontRig;
beforeEach(async () => {
  rig = await FrontRig.start({
    http: { videoFront: { serveStreamer, serveMediaSocket, mediaStateOf } },
  });
});
afterEach(() => rig.close());

/** Logs in as a browser does; the value of the Cookie header. */
async function logIn(agent = AGENT): Promise<string> {
  const answer = await http(`${rig.url}/api/auth/login`, {
    method: 'POST',
    headers: { 'user-agent': agent, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'user=admin&passwd=admin&expire=3600',
  });
  return answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
}

async function list(cookie: string): Promise<SessionsState['sessions']> {
  const answer = await http(`${rig.url}/api/auth/sessions`, { headers: { cookie } });
  return sessionsState.parse(answer.result()).sessions;
}

const end = (cookie: string, query: string, headers: Record<string, string> = {}) =>
  http(`${rig.url}/api/auth/sessions/end${query}`, {
    method: 'POST',
    headers: { cookie, ...headers },
  });

/** An open WebSocket; its close code comes once it is closed. */
async function openSocket(cookie: string, path: string) {
  const socket = new WebSocket(`${rig.url.replace('http', 'ws')}${path}`, { headers: { cookie } });
  const closed = once(socket, 'close').then(([code]) => code as number);
  await once(socket, 'open');
  return { socket, closed };
}

/** A running MJPEG stream. */
async function openStream(cookie: string) {
  const sent = request(`${rig.url}/streamer/stream`, { headers: { cookie } });
  sent.end();
  const [response] = await once(sent, 'response');
  response.on('error', () => {});
  const closed = new Promise<void>((resolve) => response.once('close', resolve));
  await once(response, 'data');
  response.resume();
  return { close: () => sent.destroy(), closed };
}

it('lists what is open, and ending one closes all of it at once and nothing else', async () => {
  const [mine, theirs] = [await logIn(), await logIn('curl/8.5')];
  const sockets = [
    await openSocket(theirs, '/api/ws?stream=0'),
    await openSocket(theirs, '/api/media/ws'),
  ];
  const stream = await openStream(theirs);
  const ours = await openSocket(mine, '/api/ws?stream=0');
  const sessions = await list(mine);
  expect(sessions).toMatchObject([
    { user: 'admin', agent: AGENT, own: true, sockets: 1, streams: 0, address: '127.0.0.1' },
    { user: 'admin', agent: 'curl/8.5', own: false, sockets: 2, streams: 1 },
  ]);
  expect(sessions[1]?.expires_in).toBeGreaterThan(3500);
  expect((await end(mine, `?id=${sessions[1]?.id}`)).status).toBe(200);
  expect(await Promise.all(sockets.map(({ closed }) => closed))).toEqual([1008, 1008]);
  await stream.closed;
  expect((await http(`${rig.url}/api/auth/check`, { headers: { cookie: theirs } })).status).toBe(
    403,
  );
  expect(await list(mine)).toMatchObject([{ own: true, sockets: 1 }]);
  ours.socket.ping();
  await once(ours.socket, 'pong');
  ours.socket.close();
  await ours.closed;
  await expect.poll(() => list(mine), WAIT).toMatchObject([{ sockets: 0 }]);
});

it('takes no key from an ended session, whose client may not even notice', async () => {
  const [mine, theirs] = [await logIn(), await logIn()];
  const { socket, closed } = await openSocket(theirs, '/api/ws?stream=0');
  socket.send(keyFrame('KeyA', true));
  await expect.poll(() => rig.hid.taken(), WAIT).toEqual([['key', 'KeyA', true]]);
  // It reads nothing any more, but goes on sending.
  socket.pause();
  const other = (await list(mine)).find(({ own }) => !own);
  await end(mine, `?id=${other?.id}`);
  await expect.poll(() => rig.hid.taken(), WAIT).toEqual([['key', 'KeyA', false]]);
  socket.send(keyFrame('KeyB', true));
  socket.resume();
  expect(await closed).toBe(1008);
  expect(rig.hid.taken()).toEqual([]);
});

it('no longer counts a stream that its client left', async () => {
  const cookie = await logIn();
  const stream = await openStream(cookie);
  expect(await list(cookie)).toMatchObject([{ streams: 1 }]);
  stream.close();
  await expect.poll(() => list(cookie), WAIT).toMatchObject([{ streams: 0 }]);
});

it('ends the session of the request when none is named, and only that', async () => {
  const [mine, other] = [await logIn(), await logIn()];
  expect((await end(mine, '')).status).toBe(200);
  expect((await end(mine, '')).status).toBe(403);
  expect(await list(other)).toMatchObject([{ own: true }]);
});

it('refuses what is no session, strangers, and pages of other sites', async () => {
  const cookie = await logIn();
  const unknown = await end(cookie, '?id=0123456789abcdef');
  expect([unknown.status, unknown.result()]).toEqual([
    400,
    { error: 'SessionNotFoundError', error_msg: 'There is no such session' },
  ]);
  for (const id of ['', 'x', '0'.repeat(64), '0123456789ABCDEF', '../etc']) {
    const answer = await end(cookie, `?id=${encodeURIComponent(id)}`);
    expect([answer.status, JSON.stringify(answer.result())], id).toEqual([
      400,
      expect.stringMatching(/ValidatorError/),
    ]);
  }
  const [session] = await list(cookie);
  expect((await end('', `?id=${session?.id}`)).status).toBe(401);
  expect((await http(`${rig.url}/api/auth/sessions`)).status).toBe(401);
  const foreign = { origin: 'https://evil.example' };
  expect((await end(cookie, `?id=${session?.id}`, foreign)).status).toBe(403);
  expect(await list(cookie)).toHaveLength(1);
});

it('lists for a tool without a session, which has none to end', async () => {
  await logIn();
  const headers = { 'x-kvmd-user': 'admin', 'x-kvmd-passwd': 'admin' };
  const answer = await http(`${rig.url}/api/auth/sessions`, { headers });
  expect(sessionsState.parse(answer.result()).sessions).toMatchObject([{ own: false }]);
  const ended = await http(`${rig.url}/api/auth/sessions/end`, { method: 'POST', headers });
  expect([ended.status, ended.result()]).toMatchObject([400, { error: 'SessionNotFoundError' }]);
});
