import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { selfSigned } from '../tls/certificate.ts';
import { type HttpRequest, httpRequest } from './http-request.ts';

const closings: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0)) await close();
});

async function serve(listener: RequestListener): Promise<URL> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  closings.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x`);
}

const ask = (url: URL, given: Partial<HttpRequest> = {}) =>
  httpRequest({
    ...{ method: 'GET', url, verify: true, timeoutMs: 5000 },
    signal: new AbortController().signal,
    ...given,
  });

it('sends method, headers and body, and tells status and text', async () => {
  const url = await serve((request, response) => {
    request.setEncoding('utf8').on('data', (body) => {
      response.statusCode = 418;
      response.end(`${request.method} ${request.headers.a} ${body}`);
    });
  });
  const answer = await ask(url, { method: 'PUT', headers: { a: 'b' }, body: 'ü' });
  expect(answer).toEqual({ status: 418, text: 'PUT b ü' });
});

it('gives up a peer that says nothing, one that stops midway, and one that never ends', async () => {
  const silent = await serve(() => undefined);
  await expect(ask(silent, { timeoutMs: 50 })).rejects.toThrow('did not answer within 0.05 s');
  const half = await serve((_request, response) => {
    response.setHeader('content-length', 100);
    response.write('half', () => response.destroy());
  });
  await expect(ask(half)).rejects.toThrow();
  const slow = await serve((_request, response) => void response.write('half'));
  await expect(ask(slow, { timeoutMs: 50 })).rejects.toThrow('did not answer within 0.05 s');
  const endless = await serve((_request, response) => {
    const chunk = Buffer.alloc(65_536);
    const more = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', more).on('error', () => undefined);
    more();
  });
  await expect(ask(endless)).rejects.toThrow('too long');
});

it('ends with its signal, and says that nobody listens', async () => {
  const silent = await serve(() => undefined);
  await expect(ask(silent, { signal: AbortSignal.abort(new Error('closed')) })).rejects.toThrow(
    'closed',
  );
  await expect(ask(new URL('http://127.0.0.1:1/'))).rejects.toThrow('ECONNREFUSED');
});

it('checks the certificate unless told not to', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'http-request-'));
  closings.push(() => rm(directory, { recursive: true }));
  const pair = await selfSigned(directory, '127.0.0.1');
  const server = createTlsServer(pair, (_request, response) => response.end('tls'));
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  closings.push(() => server.close());
  const url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await expect(ask(url)).rejects.toThrow(/self-signed|certificate/);
  expect(await ask(url, { verify: false })).toEqual({ status: 200, text: 'tls' });
});
