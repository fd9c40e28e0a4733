import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CertificateError, hostNames, loadPair, selfSigned } from './certificate.ts';

const DAY_MS = 86_400_000;
let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'crashcart-tls-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

describe('selfSigned', () => {
  it('makes a P-256 certificate for every name of this host, with a private key file', async () => {
    const { cert } = await selfSigned(join(dir, 'tls'), '192.0.2.7');
    const made = new X509Certificate(cert);
    expect(made.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    for (const ip of ['192.0.2.7', '127.0.0.1', '::1']) expect(made.checkIP(ip)).toBeDefined();
    for (const name of ['localhost', hostname()]) expect(made.checkHost(name)).toBeDefined();
    expect((await stat(join(dir, 'tls/server.key'))).mode & 0o777).toBe(0o600);
  });

  it('is accepted by a strict TLS client that trusts it', async () => {
    const pair = await selfSigned(dir, '127.0.0.1');
    const server = createServer(pair, (socket) => socket.end('hello')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: '127.0.0.1', ca: pair.cert });
    await once(socket, 'secureConnect');
    expect(socket.authorized).toBe(true);
    socket.destroy();
    server.close();
  });

  it('keeps the pair while it is good, and no two hosts share a key', async () => {
    const first = await selfSigned(dir, '127.0.0.1');
    expect(await selfSigned(dir, 'localhost')).toEqual(first);
    expect((await selfSigned(join(dir, 'other'), '127.0.0.1')).key).not.toBe(first.key);
  });

  it('makes a new one for a new address, near expiry, from the future and when damaged', async () => {
    const first = await selfSigned(dir, '127.0.0.1');
    const moved = await selfSigned(dir, 'kvm.example');
    expect(moved.cert).not.toBe(first.cert);
    const later = await selfSigned(dir, 'kvm.example', Date.now() + 380 * DAY_MS);
    expect(later.cert).not.toBe(moved.cert);
    const back = await selfSigned(dir, 'kvm.example');
    expect(back.cert).not.toBe(later.cert);
    await writeFile(join(dir, 'server.key'), 'junk');
    expect((await selfSigned(dir, 'kvm.example')).key).not.toBe(back.key);
  });

  it('never names the address that stands for all', () => {
    expect(hostNames('0.0.0.0')).not.toContain('0.0.0.0');
    expect(hostNames('[::]')[0]).toBe('localhost');
  });
});

describe('loadPair', () => {
  it('takes a matching pair and says what is wrong with another', async () => {
    await selfSigned(join(dir, 'a'), 'a.example');
    await selfSigned(join(dir, 'b'), 'b.example');
    const cert = join(dir, 'a/server.crt');
    const key = join(dir, 'a/server.key');
    expect((await loadPair(cert, key)).cert).toContain('BEGIN CERTIFICATE');
    await expect(loadPair(cert, join(dir, 'b/server.key'))).rejects.toThrow('does not belong to');
    await expect(loadPair(join(dir, 'no'), key)).rejects.toThrow(`no certificate at ${dir}/no`);
    await expect(loadPair(key, key)).rejects.toThrow(`${key} is not a certificate`);
    await expect(loadPair(cert, cert)).rejects.toThrow(CertificateError);
  });
});
