import { once } from 'node:events';
import { connect } from 'node:net';
import { createClient } from '@crashcart/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { until } from '../src/core/state.ts';
import { NullHidDriver } from './fakes/null-hid-driver.ts';
import { FrontRig } from './support/front-rig.ts';
import { http } from './support/http-client.ts';
import { recordingLog } from './support/recording-log.ts';

const MIB = 1024 * 1024;

let rig: FrontRig;
let cookie: string;
const log = recordingLog();

async function start(hidDriver = new NullHidDriver()): Promise<void> {
  rig = await FrontRig.start({ hidDriver, log });
  cookie = await rig.login();
}

beforeEach(() => start());
afterEach(() => rig.close());

const print = (query: string, body: string | Uint8Array, type = 'text/plain') =>
  http(`${rig.url}/api/hid/print${query}`, {
    method: 'POST',
    headers: { cookie, 'content-type': type },
    body,
  });

/** The keys that are down after all that the driver was told. */
function keysDown(): readonly unknown[] {
  const down = new Set<unknown>();
  for (const [name, key, pressed] of rig.hid.taken()) {
    if (name === 'key') pressed ? down.add(key) : down.delete(key);
  }
  return [...down];
}

const isTyping = (active: boolean) =>
  until(rig.machine.hid.printing, (state) => state.active === active, AbortSignal.timeout(5000));

test('the typed client types, and asks what a layout can type', async () => {
  const credentials = { user: 'admin', passwd: 'admin' };
  const client = createClient({ baseUrl: rig.url, credentials });
  await client.call('hidPrint', { keymap: 'de' }, { body: 'z' });
  expect(rig.hid.taken()).toEqual([
    ['key', 'KeyY', true],
    ['key', 'KeyY', false],
  ]);
  const { keymaps } = await client.call('hidKeymaps');
  expect(keymaps.available).toHaveLength(36);
  const told = await client.call('hidKeymapCharacters', { keymap: 'ru' });
  expect(told).toMatchObject({ keymap: 'ru', characters: expect.stringContaining('Ж') });
  expect((await client.call('hidKeymapCharacters')).keymap).toBe('en-us');
  await expect(client.call('hidKeymapCharacters', { keymap: 'nope' })).rejects.toThrow(
    "The argument 'nope' is not a valid keymap",
  );
});

test('a client that goes in the middle leaves no key down', async () => {
  const body = 'ÄÖÜ@€'.repeat(200);
  const head =
    `POST /api/hid/print?keymap=de&limit=0&delay=0.02 HTTP/1.1\r\nHost: x\r\nCookie: ${cookie}\r\n` +
    `Content-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  for (let round = 0; round < 10; round++) {
    const socket = connect(rig.port, '127.0.0.1');
    socket.write(head + body);
    await isTyping(true);
    await until(rig.machine.hid.printing, ({ written }) => written > 2 + round);
    socket.destroy();
    await isTyping(false);
    expect(rig.machine.hid.printing.value.written).toBeLessThan(200);
    expect(keysDown()).toEqual([]);
  }
});

test('a session that ends and a server that stops end their typing, too', async () => {
  const first = print('?delay=0.05', 'ABC'.repeat(100));
  await isTyping(true);
  await http(`${rig.url}/api/auth/logout`, { method: 'POST', headers: { cookie } });
  expect((await first).status).toBe(503);
  cookie = await rig.login();
  const second = print('?delay=0.05', 'ABC'.repeat(100)).catch(() => undefined);
  await isTyping(true);
  await rig.server.close();
  await second;
  await isTyping(false);
  expect(keysDown()).toEqual([]);
});

test('a second text is refused until the first is typed', async () => {
  const first = print('?delay=0.05', 'abc');
  await isTyping(true);
  const second = await print('', 'x');
  expect(second.status).toBe(409);
  expect(second.result()).toMatchObject({ error: 'HidIsBusyError' });
  expect((await first).status).toBe(200);
  expect((await print('', 'x')).status).toBe(200);
});

test('a text may have 1 MiB and no more, and must be one', async () => {
  await rig.close();
  await start(new NullHidDriver({ counting: true }));
  expect((await print('?limit=0', 'a'.repeat(MIB))).status).toBe(200);
  expect(rig.hid.count).toBe(2 * MIB);
  expect((await print('?limit=0', 'a'.repeat(MIB + 1))).status).toBe(413);
  const bad = await print('', Buffer.from([0x61, 0xff, 0xfe]));
  expect(bad.status).toBe(400);
  expect(bad.result()).toEqual({
    error: 'ValidatorError',
    error_msg: 'The body is not valid text in utf-8',
  });
  expect((await print('', 'a', 'text/plain; charset=klingon')).status).toBe(400);
  expect(rig.hid.count).toBe(2 * MIB);
});

test('watchers are told the progress, a joiner only while it lasts', async () => {
  const watch = async () => {
    const socket = new WebSocket(`${rig.url.replace('http', 'ws')}/api/ws?stream=0`, {
      headers: { cookie },
    });
    const told: Record<string, unknown>[] = [];
    const types: string[] = [];
    socket.on('message', (data) => {
      const { event_type: type, event } = JSON.parse(String(data));
      types.push(type);
      if (type === 'hid_print') told.push(event);
    });
    await once(socket, 'message');
    return { socket, told, types };
  };
  const early = await watch();
  const typing = print('?delay=0.03', 'ab中c'.repeat(5));
  await isTyping(true);
  const late = await watch();
  await typing;
  while (early.told.at(-1)?.active !== false) await once(early.socket, 'message');
  const text = { total: 20, keymap: 'en-us' };
  expect(early.told[0]).toEqual({ ...text, active: true, written: 0, skipped: 0 });
  expect(early.told.at(-1)).toEqual({ ...text, active: false, written: 20, skipped: 5 });
  expect(early.told.length).toBeGreaterThan(3);
  expect(early.told.length).toBeLessThan(20);
  expect(late.told[0]).toMatchObject({ ...text, active: true });
  const idle = await watch();
  while (!idle.types.includes('info')) await once(idle.socket, 'message');
  expect(idle.types).toContain('hid_keymaps');
  expect(idle.types).not.toContain('hid_print');
  for (const { socket } of [early, late, idle]) socket.terminate();
});

test('what is typed is in no log', async () => {
  await print('', 'correct horse battery staple');
  expect(log.messages.join('\n')).not.toContain('horse');
});
