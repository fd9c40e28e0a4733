import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KvmError } from '@crashcart/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRemoteImage } from './remote-image.ts';

let server: Server;
let url: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const controller = () => new AbortController();

function open(path = '/x.iso', timeoutMs = 5000, { signal } = controller()) {
  return openRemoteImage(`${url}${path}`, { timeoutMs, insecure: false, signal });
}

/** What comes of an image, and how it ends. */
async function fetched(path?: string, timeoutMs?: number): Promise<string> {
  let text = '';
  try {
    const image = await open(path, timeoutMs);
    text = `${image.fileName} ${image.size}: `;
    for await (const chunk of image.chunks()) text += Buffer.from(chunk).toString();
    return text;
  } catch (error) {
    return `${text}${error instanceof KvmError ? `${error.name}: ${error.message}` : error}`;
  }
}

const give = (headers: Record<string, string | number>, body: string) => {
  answer = (_request, response) => response.writeHead(200, headers).end(body);
};

test.each([
  [undefined, '/folder/a%20b.iso?x=1', 'a b.iso'],
  ['attachment; filename="from-header.iso"', '/x', 'from-header.iso'],
  ['attachment; filename=plain.iso; size=1', '/x', 'plain.iso'],
  ['attachment; filename="no.iso"; filename*=UTF-8\'\'%D0%BE%D0%B1.iso', '/x', 'об.iso'],
  ['attachment; filename="../../etc/passwd"', '/x', 'passwd'],
  ['attachment; filename="C:\\\\dir\\\\win.iso"', '/x', 'win.iso'],
  ['inline', '/x.img', 'x.img'],
])('of %j at %s the name is %s', async (disposition, path, name) => {
  give({ 'content-length': 4, ...(disposition && { 'content-disposition': disposition }) }, 'data');
  expect(await fetched(path)).toBe(`${name} 4: data`);
});

test.each([2 ** 31, Number.MAX_SAFE_INTEGER, Infinity])('waits also %d ms', async (timeoutMs) => {
  answer = (_request, response) => {
    response.writeHead(200, { 'content-length': 4 });
    // Longer than a timer that has overflowed, which ends after 1 ms.
    setTimeout(() => response.end('data'), 50);
  };
  expect(await fetched('/x.iso', timeoutMs)).toBe('x.iso 4: data');
});

test('follows redirects, also relative ones', async () => {
  answer = ({ url: path }, response) => {
    if (path === '/x.iso') response.writeHead(302, { location: '/elsewhere/y.iso' }).end();
    else response.writeHead(200, { 'content-length': 4 }).end('data');
  };
  expect(await fetched()).toBe('y.iso 4: data');
});

test('a loop of redirects ends', async () => {
  let count = 0;
  answer = (_request, response) => {
    count += 1;
    response.writeHead(302, { location: `/${count}` }).end();
  };
  expect(await fetched()).toMatch('TooManyRedirects: The remote redirects more than 10 times');
  expect(count).toBe(11);
});

test.each(['file:///etc/passwd', 'ftp://host/x', 'http://['])(
  'is not sent to %s',
  async (location) => {
    answer = (_request, response) => response.writeHead(302, { location }).end();
    expect(await fetched()).toMatch(/^ClientResponseError: 302, message='Redirected to what/);
  },
);

test('what is no image is refused with the words of the remote', async () => {
  answer = (_request, response) => response.writeHead(404).end();
  expect(await fetched()).toBe(
    `ClientResponseError: 404, message='Not Found', url=URL('${url}/x.iso')`,
  );
});

test('nobody there', async () => {
  server.close();
  const { port } = new URL(url);
  expect(await fetched()).toBe(
    `ClientConnectorError: Cannot connect to host 127.0.0.1:${port} ssl:default ` +
      `[Connect call failed ('127.0.0.1', ${port})]`,
  );
});

test('a remote that speaks no HTTP, or no TLS', async () => {
  answer = ({ socket }) => socket.end('SSH-2.0-OpenSSH\r\n');
  expect(await fetched()).toMatch(/^ClientConnectorError: Cannot connect to host 127/);
  const https = url.replace('http:', 'https:');
  const options = { timeoutMs: 5000, insecure: true, signal: controller().signal };
  await expect(openRemoteImage(https, options)).rejects.toMatchObject({
    name: 'ClientConnectorError',
  });
});

test('a remote that is silent, before and in the middle', async () => {
  answer = () => undefined;
  expect(await fetched('/x', 200)).toBe('ServerTimeoutError: The remote was silent for 0.2 s');
  answer = (_request, response) => response.writeHead(200, { 'content-length': 9 }).write('half');
  expect(await fetched('/x', 200)).toBe(
    'x 9: halfServerTimeoutError: The remote was silent for 0.2 s',
  );
});

test('a remote that dies, or sends less or more than it says', async () => {
  answer = (_request, response) => {
    response.writeHead(200, { 'content-length': 9 }).write('half', () => response.destroy());
  };
  expect(await fetched('/x')).toBe(
    'x 9: halfClientPayloadError: Response payload is not completed',
  );
  answer = ({ socket }) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf');
  expect(await fetched('/x')).toMatch(/^x 9: halfClientPayloadError/);
  answer = ({ socket }) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhalf and more');
  expect(await fetched('/x')).toBe('x 4: half');
});

test('a remote that does not tell the size, or packs', async () => {
  answer = (_request, response) => response.end('data');
  give({ 'transfer-encoding': 'chunked' }, 'data');
  expect(await fetched()).toMatch('ClientPayloadError: The remote does not tell the size');
  give({ 'content-length': 4, 'content-encoding': 'gzip' }, 'data');
  expect(await fetched()).toBe('ClientPayloadError: The remote packs the image (gzip)');
});

test('credentials in the URL are sent, and never told', async () => {
  answer = ({ headers }, response) => {
    response.statusMessage = String(headers.authorization);
    response.writeHead(403).end();
  };
  url = url.replace('//', '//me:secret@');
  const told = await fetched();
  expect(told).toContain(`Basic ${Buffer.from('me:secret').toString('base64')}`);
  expect(told).not.toContain('secret');
});

test('ends when nobody wants it any more', async () => {
  const wanted = controller();
  answer = (_request, response) => response.writeHead(200, { 'content-length': 9 }).write('half');
  const image = await open('/x', 5000, wanted);
  const chunks = image.chunks();
  await chunks.next();
  const reason = new Error('the client left');
  wanted.abort(reason);
  await expect(chunks.next()).rejects.toBe(reason);
  await expect(open('/x', 5000, wanted)).rejects.toBe(reason);
});
