import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configSchema } from '../config/schema.ts';
import { nginxCommand } from './nginx.ts';
import { quoted } from './nginx-text.ts';

async function run(argv: readonly string[], config: object = {}) {
  let out = '';
  let err = '';
  const code = await nginxCommand(argv, {
    stdin: Readable.from([]),
    stdout: { write: (part) => (out += part) },
    stderr: { write: (part) => (err += part) },
    config: configSchema.parse(config),
    stateDir: '/var/lib/crashcart',
  });
  return { code, out, err };
}

const print = (...argv: string[]) => run(['--print', '--unix', '/run/cc.sock', ...argv]);

describe('crashcart nginx', () => {
  it('takes socket and certificate from the configuration', async () => {
    const { code, out } = await run(['--print'], {
      kvmd: { server: { unix: '/run/crashcart/http.sock' } },
      server: { tls: { cert: '/etc/cert.pem', key: '/etc/key.pem' } },
    });
    expect(code).toBe(0);
    expect(out).toContain('server "unix:/run/crashcart/http.sock" max_fails=0;');
    expect(out).toContain('ssl_certificate "/etc/cert.pem";');
    expect(out).toContain('ssl_certificate_key "/etc/key.pem";');
  });

  it('takes the certificate that the server makes, where none is configured', async () => {
    const { out } = await print();
    expect(out).toContain('ssl_certificate "/var/lib/crashcart/tls/server.crt";');
  });

  it('lets options go before the configuration', async () => {
    const { out } = await run(['--print', '--unix', '/a', '--cert', '/c', '--key', '/k'], {
      kvmd: { server: { unix: '/b' } },
      server: { tls: { cert: '/etc/cert.pem', key: '/etc/key.pem' } },
    });
    expect(out).toContain('"unix:/a"');
    expect(out).toContain('ssl_certificate "/c";');
    expect(out).not.toMatch(/unix:\/b|etc\/cert/);
  });

  it('redirects the HTTP port to the HTTPS port, which is named unless it is 443', async () => {
    expect((await print()).out).toContain('return 301 https://$host$request_uri;');
    const { out } = await print('--http-port', '8080', '--https-port', '8443');
    expect(out).toContain('return 301 https://$host:8443$request_uri;');
    expect(out).toMatch(/listen 0\.0\.0\.0:8080;/);
    expect(out).toMatch(/listen 0\.0\.0\.0:8443 ssl http2;/);
  });

  it('serves all on the HTTP port without TLS', async () => {
    const { out } = await print('--no-https', '--listen', '10.0.0.1', '--listen', 'fe80::1');
    expect(out).not.toMatch(/ssl|return 301 https|Strict-Transport/);
    expect(out).toContain('listen 10.0.0.1:80;');
    expect(out).toContain('listen [fe80::1]:80;');
  });

  it('puts what is told in its place: user, other services, ACME, another page', async () => {
    const { out } = await print(
      ...['--user', 'www-data:kvm', '--streamer-unix', '/s', '--media-unix', '/m'],
      ...['--acme', '/acme', '--root', '/web', '--user-css', '/u.css', '--run', '/r'],
    );
    expect(out).toContain('user www-data kvm;');
    expect(out).toContain('proxy_pass http://streamer/;');
    expect(out).toContain('proxy_pass http://media/ws;');
    expect(out).toContain('root "/acme";');
    expect(out).toContain('root "/web";');
    expect(out).toContain('alias "/u.css";');
    expect(out).toContain('pid "/r/nginx.pid";');
  });

  it('sends Janus and WHEP to crashcart, or Janus to one of its own', async () => {
    const own = (await print()).out;
    expect(own).toMatch(/location = \/janus\/ws \{[^}]*proxy_pass http:\/\/core;/);
    expect(own).toMatch(/location = \/api\/media\/whep \{[^}]*client_max_body_size 64k;/);
    expect(own).not.toContain('upstream janus');
    const { out } = await print('--janus-unix', '/j');
    expect(out).toContain('"unix:/j"');
    expect(out).toMatch(/location = \/janus\/ws \{[^}]*proxy_pass http:\/\/janus\/;/);
  });

  it('needs --print and a socket, and knows its options', async () => {
    expect(await run([])).toMatchObject({ code: 2, out: '' });
    expect((await run(['--print'])).err).toMatch(/kvmd\.server\.unix, or say --unix/);
    expect((await print('--prot', '80')).err).toMatch(/--prot.*crashcart nginx --help/);
    expect(await run(['--help'])).toMatchObject({ code: 0, err: '' });
  });

  it.each([
    ['--http-port', '0'],
    ['--http-port', '65536'],
    ['--https-port', '443 default_server'],
    ['--https-port', '80'],
    ['--listen', 'example.com'],
    ['--listen', '127.0.0.1; include /etc/passwd'],
    ['--listen', 'fe80::1%eth0'],
    ['--root', '/web/$document_root'],
    ['--root', '/web\n}'],
    ['--root', ''],
    ['--cert', '/c'],
    ['--user', 'root; load_module x'],
    ['--unix', `/${'a'.repeat(107)}`],
  ])('refuses %s %j', async (name, value) => {
    const { code, out, err } = await print(name, value);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toContain('--');
  });
});

const HOSTILE = fc.string({ unit: fc.constantFrom(...'"\\$\n;{}# \'an') });

describe('quoted', () => {
  it('is one word of nginx for every text that it takes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), HOSTILE), (text) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: what is refused
        if (/[$\u0000-\u001f\u007f]/.test(text)) {
          expect(() => quoted(text)).toThrow(RangeError);
          return;
        }
        expect(wordOf(quoted(text))).toEqual({ word: text, rest: '' });
      }),
    );
  });
});

/** Reads a quoted word as nginx does: a backslash before a quote or a backslash is dropped. */
function wordOf(text: string): { readonly word: string; readonly rest: string } {
  const [, inside = '', rest = ''] = /^"((?:[^"\\]|\\.)*)"(.*)$/su.exec(text) ?? [];
  return { word: inside.replace(/\\(["\\])/g, '$1'), rest };
}
