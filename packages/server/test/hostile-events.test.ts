import { once } from 'node:events';
import { EVENTS, type EventType } from '@crashcart/api';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { FrontRig } from './support/front-rig.ts';
import { type HostileMessage, hostileMessages } from './support/hostile-events.ts';

/** How often a few messages are sent; `npm run soak` does it more. */
const ROUNDS = Number(process.env.HOSTILE_ROUNDS ?? 2_000);
const SEED = Number(process.env.HOSTILE_SEED ?? Math.trunc(Math.random() * 2 ** 31));

let rig: FrontRig;
let socket: WebSocket;
const received: string[] = [];
/** Told of each binary ping that was answered. */
let ponged = () => {};

beforeAll(async () => {
  rig = await FrontRig.start();
  const url = `${rig.url.replace('http', 'ws')}/api/ws?stream=0`;
  socket = new WebSocket(url, { headers: { cookie: await rig.login() } });
  socket.on('message', (data, isBinary) => {
    if (isBinary) ponged();
    else received.push(String(data));
  });
  await once(socket, 'open');
});
afterAll(async () => {
  socket.close();
  await rig.close();
});

/** Resolves when all that was sent has been taken; rejects when the server closes instead. */
async function settled(): Promise<void> {
  const gone = new AbortController();
  const pong = new Promise<void>((resolve) => {
    ponged = resolve;
  });
  socket.send(Buffer.of(0));
  const closed = once(socket, 'close', { signal: gone.signal }).then(
    ([code]) => {
      throw new Error(`The server closed: ${code}`);
    },
    () => undefined,
  );
  await Promise.race([pong, closed]);
  gone.abort();
}

/** Sends messages and gives what the keyboard and the mouse were told. */
async function calls(messages: readonly HostileMessage[]) {
  for (const { data } of messages) socket.send(data);
  await settled();
  return rig.hid.taken();
}

/** Later events of these hold parts of parts, which the schemas of the whole do not describe. */
const IN_PARTS: ReadonlySet<string> = new Set(['msd', 'gpio']);

function checkEvents(): void {
  for (const text of received.splice(0)) {
    const { event_type: type, event } = JSON.parse(text) as { event_type: string; event: unknown };
    expect(Object.keys(EVENTS), text).toContain(type);
    if (IN_PARTS.has(type)) continue;
    expect(EVENTS[type as EventType].safeParse(event).success, text).toBe(true);
  }
}

test('takes every message without a close, answers in the contract, and junk presses nothing', {
  timeout: ROUNDS * 100,
}, async () => {
  let pressed = 0;
  const sends = fc.asyncProperty(hostileMessages, async (messages) => {
    const junk = messages.filter(({ isJunk }) => isJunk);
    expect(await calls(junk)).toEqual([]);
    pressed += (await calls(messages)).length;
    checkEvents();
  });
  await fc.assert(sends, { numRuns: ROUNDS, seed: SEED });
  expect(pressed).toBeGreaterThan(ROUNDS);
});
