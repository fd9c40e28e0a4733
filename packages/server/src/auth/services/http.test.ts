import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../core/log.ts';
import { askHttp, type HttpServiceOptions } from './http.ts';
import { RemoteService } from './remote.ts';

let server: Server;
let url = '';
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  server = createServer((request, response) => answer(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/auth`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function service(options: Partial<HttpServiceOptions> = {}, timeoutMs = 5000): RemoteService {
  const ask = askHttp({
    ...{ url, verify: true, secret: '', user: '', passwd: '' },
    ...options,
  });
  return new RemoteService({ name: 'http', ask, limits: { timeoutMs }, log: silentLog });
}

const outcome = (asked: Promise<boolean>) =>
  asked.catch((error: Error) => (error.cause as Error | undefined)?.message ?? error.message);

describe('the http service', () => {
  it('asks as PiKVM does', async () => {
    let seen: object = {};
    answer = async (request, response) => {
      const { method, url: path, headers } = request;
      const body = await json(request);
      seen = {
        ...{ method, path, body, type: headers['content-type'] },
        ...{ user: headers['x-kvmd-user'], authorization: headers.authorization },
      };
      response.end();
    };
    const asked = service({ secret: 's', user: 'me', passwd: 'p:w' }).verify('alice', 'pass"word');
    expect(await asked).toBe(true);
    expect(seen).toEqual({
      method: 'POST',
      path: '/auth',
      type: 'application/json',
      body: { user: 'alice', passwd: 'pass"word', secret: 's' },
      user: 'alice',
      authorization: `Basic ${Buffer.from('me:p:w').toString('base64')}`,
    });
  });

  it.each([
    [200, true],
    [401, false],
    [403, false],
    [404, false],
    [204, 'neither yes nor no'],
    [302, 'neither yes nor no'],
    [429, 'neither yes nor no'],
    [500, 'neither yes nor no'],
  ])('takes %i for %s', async (status, expected) => {
    answer = (_, response) => response.writeHead(status, { location: '/elsewhere' }).end();
    const result = await outcome(service().verify('alice', 'right'));
    if (typeof expected === 'boolean') expect(result).toBe(expected);
    else expect(result).toContain(expected);
  });

  it('never asks for an empty password', async () => {
    answer = (_, response) => response.end();
    expect(await service().verify('alice', '')).toBe(false);
  });

  it('is unavailable when nobody listens, nobody answers or it is no HTTP', async () => {
    answer = () => undefined;
    expect(await outcome(service({}, 50).verify('alice', 'x'))).toContain('in time');
    answer = (request) => request.socket.end('SSH-2.0-liar\r\n');
    expect(await outcome(service().verify('alice', 'x'))).toContain('Parse Error');
    answer = (_, response) => response.writeHead(200, { long: 'x'.repeat(100_000) }).end();
    expect(await outcome(service().verify('alice', 'x'))).toContain('Header overflow');
    expect(await outcome(service({ url: 'http://127.0.0.1:1/' }).verify('a', 'x'))).toContain(
      'ECONNREFUSED',
    );
  });

  it('says yes before a body that never ends', async () => {
    answer = (_, response) => void response.writeHead(200).write('x'.repeat(1000));
    expect(await service().verify('alice', 'x')).toBe(true);
  });
});
