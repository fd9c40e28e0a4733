import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { unixHttpGetJson } from './unix-http.ts';

const disposals: (() => unknown)[] = [];
afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

async function serve(listener: RequestListener): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'crashcart-http-'));
  const socket = join(dir, 'http.sock');
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  disposals.push(() => rm(dir, { recursive: true }));
  disposals.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return socket;
}

test('gives the JSON of the path', async () => {
  const socket = await serve((request, response) => response.end(`{"at":"${request.url}"}`));
  expect(await unixHttpGetJson(socket, '/state', 5000)).toEqual({ at: '/state' });
});

test('refuses another status, another format and too much', async () => {
  const socket = await serve((request, response) => {
    if (request.url === '/status') response.writeHead(500).end('{}');
    else if (request.url === '/text') response.end('fine');
    else response.end(JSON.stringify('x'.repeat(300_000)));
  });
  await expect(unixHttpGetJson(socket, '/status', 5000)).rejects.toThrow('answered 500');
  await expect(unixHttpGetJson(socket, '/text', 5000)).rejects.toThrow('did not answer JSON');
  await expect(unixHttpGetJson(socket, '/much', 5000)).rejects.toThrow('answers too much');
});

test('ends with its timeout and its signal, whether or not the answer has begun', async () => {
  const socket = await serve((request, response) => {
    if (request.url === '/begun') response.write('{');
  });
  await expect(unixHttpGetJson(socket, '/silent', 50)).rejects.toThrow();
  await expect(unixHttpGetJson(socket, '/begun', 200)).rejects.toThrow();
  const stop = AbortSignal.abort();
  await expect(unixHttpGetJson(socket, '/silent', 5000, stop)).rejects.toThrow();
});
