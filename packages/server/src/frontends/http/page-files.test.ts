import { Buffer } from 'node:buffer';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliDecompressSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PageServer, pageFile } from './page-files.ts';

const script = Buffer.from('const answer = 42;\n'.repeat(100));
const files = new Map(
  [
    ['/index.html', Buffer.from('<!doctype html><title>page</title>')] as const,
    ['/assets/app-1a2b.js', script] as const,
  ].map(([path, content]) => [path, pageFile(path, content)]),
);
const page = new PageServer(files);
const server = createServer((request, response) => {
  const file = page.find(request.url ?? '/');
  if (file === undefined) response.writeHead(404).end();
  else void page.serve(request, response, file);
});
let url: string;
beforeEach(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${url}${path}`, { headers: { 'accept-encoding': 'identity', ...headers } });

test('gives the page at its views, and never code that is inline', async () => {
  for (const path of ['/', '/kvm', '/login']) {
    const answer = await get(path);
    expect(await answer.text()).toContain('<title>page</title>');
    const policy = answer.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(answer.headers.get('cache-control')).toBe('no-cache');
  }
  expect((await get('/kvm/')).status).toBe(404);
  expect((await get('/kvm/../../etc/passwd')).status).toBe(404);
});

test('keeps hashed files for ever, and answers 304 for what is known', async () => {
  const answer = await get('/assets/app-1a2b.js');
  expect(answer.headers.get('cache-control')).toContain('immutable');
  const etag = answer.headers.get('etag') ?? '';
  expect((await get('/assets/app-1a2b.js', { 'if-none-match': etag })).status).toBe(304);
  expect((await get('/assets/app-1a2b.js', { 'if-none-match': '"other"' })).status).toBe(200);
});

test('compresses for those who take it', async () => {
  const { request } = await import('node:http');
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    request(`${url}/assets/app-1a2b.js`, { headers: { 'accept-encoding': 'gzip, br' } }, (got) => {
      expect(got.headers['content-encoding']).toBe('br');
      const chunks: Buffer[] = [];
      got.on('data', (chunk: Buffer) => chunks.push(chunk));
      got.on('end', () => resolve(Buffer.concat(chunks)));
    })
      .on('error', reject)
      .end();
  });
  expect(bytes.length).toBeLessThan(script.length / 4);
  expect(brotliDecompressSync(bytes)).toEqual(script);
  const refused = await get('/assets/app-1a2b.js', { 'accept-encoding': 'br;q=0, identity' });
  expect(refused.headers.get('content-encoding')).toBeNull();
});

test('serves what was packed when the page was built', async () => {
  const packed = { br: Buffer.from('packed at build time') };
  const built = pageFile('/assets/built.js', script, packed);
  const headers: Record<string, unknown> = {};
  let body: unknown;
  const response = {
    writeHead: (_status: number, given: object) => Object.assign(headers, given),
    end: (given: unknown) => {
      body = given;
    },
  };
  const request = { method: 'GET', headers: { 'accept-encoding': 'gzip, br' } };
  await page.serve(request as never, response as never, built);
  expect(headers).toMatchObject({ 'content-encoding': 'br', 'content-length': '20' });
  expect(body).toBe(packed.br);
});
