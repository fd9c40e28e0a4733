import type { Server } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HostileClient, imageServer } from './support/hostile-client.ts';
import { requestsElsewhere } from './support/hostile-elsewhere.ts';
import { hostileRequests } from './support/hostile-requests.ts';

/** All requests together; `npm run soak` sends more. */
const REQUESTS = Number(process.env.HOSTILE_REQUESTS ?? 100_000);
/** The clients' seeds count up from it: the same one sends the same requests. */
const SEED = Number(process.env.HOSTILE_SEED ?? Math.trunc(Math.random() * 2 ** 31));
/** Each has a server of its own, so that what one does is no change that another one sees. */
const CLIENTS = 64;

const clients: HostileClient[] = [];
let urls: readonly string[] = [];
let remote: Server;

beforeAll(async () => {
  ({ urls, server: remote } = await imageServer());
  for (let each = 0; each < CLIENTS; each += 1) {
    clients.push(await HostileClient.start({ drive: each % 4 > 0 }));
  }
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  remote.close();
});

test('answers every request as the contract says, and an error changes nothing', {
  timeout: REQUESTS * 20,
}, async () => {
  const elsewhere = { weight: 1, arbitrary: requestsElsewhere };
  const requests = fc.oneof({ weight: 30, arbitrary: hostileRequests(urls) }, elsewhere);
  const runs = clients.map(async (client, index) => {
    const given = { seed: SEED + index, numRuns: Math.ceil(REQUESTS / CLIENTS) };
    const sends = fc.asyncProperty(requests, (request) => client.send(request));
    try {
      await fc.assert(sends, { ...given, endOnFailure: true });
    } catch (error) {
      const again = `HOSTILE_SEED=${SEED} HOSTILE_REQUESTS=${REQUESTS} shows it again`;
      const last = client.history.join('\n');
      throw new Error(`${again}. The last requests:\n${last}`, { cause: error });
    }
  });
  await Promise.all(runs);
  const statuses = new Map<number, number>();
  for (const client of clients) {
    for (const [status, count] of client.statuses) {
      statuses.set(status, (statuses.get(status) ?? 0) + count);
    }
  }
  // All that can be said was said, and most of it was understood.
  for (const status of [302, 308, 400, 401, 403, 404, 405, 409, 413, 417, 426, 431, 503]) {
    expect(statuses.get(status), String(status)).toBeGreaterThan(0);
  }
  expect(statuses.get(200)).toBeGreaterThan(REQUESTS / 4);
});
