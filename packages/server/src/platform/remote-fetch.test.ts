import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { selfSigned } from '../tls/certificate.ts';
import { type RemoteAddress, remoteAgent } from './remote-agent.ts';
import { fetchOver } from './remote-fetch.ts';

let dir = '';
let pem: { readonly cert: string; readonly key: string };
const seen: (string | undefined)[] = [];
const servers: Server[] = [];

const handle: Parameters<typeof createServer>[1] = async (request, response) => {
  seen.push(request.headers['x-kvmd-passwd']?.toString());
  if (request.url === '/early') {
    response.writeHead(400, { connection: 'close' }).end('no');
    return;
  }
  const hash = createHash('sha256');
  for await (const chunk of request) hash.update(chunk);
  response.setHeader('x-length', request.headers['content-length'] ?? 'none');
  response.end(hash.digest('hex'));
};

async function listen(server: Server, where: string | number): Promise<number> {
  servers.push(server);
  server.listen(where);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'remote-fetch-'));
  pem = await selfSigned(dir, 'localhost');
});
afterAll(async () => {
  for (const server of servers) server.close();
  await rm(dir, { recursive: true });
});

const over = (address: Partial<RemoteAddress> & Pick<RemoteAddress, 'url'>) =>
  fetchOver(remoteAgent({ unix: undefined, verify: true, fingerprint: undefined, ...address }));

function pieces(count: number, bytes: number): ReadableStream<Uint8Array> {
  let left = count;
  return new ReadableStream({
    pull(controller) {
      if (left === 0) controller.close();
      else controller.enqueue(new Uint8Array(bytes).fill(left));
      left -= 1;
    },
  });
}

it('sends a stream of known length over a unix socket, and gets the answer', async () => {
  const unix = join(dir, 'a.sock');
  await listen(createServer(handle), unix);
  const send = over({ url: new URL('http://localhost'), unix });
  const hash = createHash('sha256');
  for await (const piece of pieces(64, 65_536)) hash.update(piece);
  const init = { method: 'POST', body: pieces(64, 65_536), duplex: 'half' };
  const headers = { 'content-length': String(64 * 65_536) };
  const answer = await send('http://localhost/x', { ...init, headers } as RequestInit);
  expect(answer.headers.get('x-length')).toBe(String(64 * 65_536));
  expect(await answer.text()).toBe(hash.digest('hex'));
});

it('tells an answer that comes before the body was sent, and stops sending', async () => {
  const unix = join(dir, 'b.sock');
  await listen(createServer(handle), unix);
  const send = over({ url: new URL('http://localhost'), unix });
  let cancelled = () => {};
  const ended = new Promise<void>((resolve) => {
    cancelled = resolve;
  });
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
    cancel: () => cancelled(),
  });
  const answer = await send('http://localhost/early', {
    ...{ method: 'POST', body, duplex: 'half' },
  } as RequestInit);
  expect([answer.status, await answer.text()]).toEqual([400, 'no']);
  await ended;
});

it('talks only to the pinned certificate, whose chain then does not matter', async () => {
  const port = await listen(createTlsServer(pem, handle), 0);
  const url = new URL(`https://127.0.0.1:${port}`);
  const right = Buffer.from(
    new X509Certificate(pem.cert).fingerprint256.replaceAll(':', ''),
    'hex',
  );
  const init = { headers: { 'x-kvmd-passwd': 'secret' } };
  await expect(over({ url })(url, init)).rejects.toThrow(/self-signed|certificate/);
  const other = over({ url, fingerprint: new Uint8Array(32) });
  seen.length = 0;
  await expect(other(url, init)).rejects.toThrow('The certificate is another one');
  expect(seen).toEqual([]);
  expect((await over({ url, fingerprint: right })(url, init)).status).toBe(200);
  expect((await over({ url, verify: false })(url, init)).status).toBe(200);
  expect(seen).toEqual(['secret', 'secret']);
});

it('ends with its signal', async () => {
  const silent = createServer(() => undefined);
  const port = await listen(silent, 0);
  const stop = new AbortController();
  silent.once('request', () => stop.abort());
  const url = new URL(`http://127.0.0.1:${port}`);
  await expect(over({ url })(url, { signal: stop.signal })).rejects.toThrow(/abort/i);
  silent.closeAllConnections();
});
