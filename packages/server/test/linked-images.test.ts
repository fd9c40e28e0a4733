import { execFile, execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../src/core/state.ts';
import { ImageDirectory } from '../src/store/image-store.ts';
import { LinkedImages } from '../src/store/links/linked-images.ts';
import { startSamba, startSshd } from './support/file-servers.ts';
import { freePort } from './support/free-port.ts';
import { RangeServer } from './support/range-server.ts';
import { recordingLog } from './support/recording-log.ts';
import { startedProgram, untilListening } from './support/server-program.ts';
import { processesOf, StateDirectory } from './support/state-directory.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;
const SOCKET = /socket=(.*)$/;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const limit = () => AbortSignal.timeout(30_000);
/** Of odd size, which QEMU pads. */
const content = randomBytes(5 * MIB + 777);

let place: StateDirectory;
let images: ImageDirectory;
let links: LinkedImages;
let log = recordingLog();
const ends: (() => unknown)[] = [];

async function open(): Promise<void> {
  log = recordingLog();
  images = await ImageDirectory.open({ directory: join(place.path, 'msd'), limit: 0, log });
  links = await LinkedImages.open(images, { directory: join(place.path, 'links'), log });
}

async function close(): Promise<void> {
  await links.close();
  await images.close();
}

beforeEach(async () => {
  place = new StateDirectory();
  await open();
});

afterEach(async () => {
  await close();
  for (const end of ends.splice(0).reverse()) await end();
  await place[Symbol.asyncDispose]();
});

const link = (url: string, image = '', insecure = false) =>
  links.link({ url, prefix: '', image, insecure, signal: limit() });
const shown = (name: string) => links.state.value.images[name]?.link;
const socketOf = (name: string) => SOCKET.exec(links.pathOf(name))?.[1] ?? '';
const stateIs = (name: string, state: string) =>
  until(links.state, () => shown(name)?.state === state, limit());

/** The whole of an image, as QEMU's client reads it: it has whole sectors. */
async function converted(name: string): Promise<Buffer> {
  const out = join(place.path, 'out.img');
  const uri = `nbd+unix://?socket=${socketOf(name)}`;
  await run('qemu-img', ['convert', '-f', 'raw', '-O', 'raw', uri, out]);
  return readFileSync(out);
}

/** The whole of an image, as libnbd's client reads it. */
async function copied(name: string): Promise<string> {
  const out = join(place.path, 'copy.img');
  await run('nbdcopy', [links.pathOf(name), out]);
  return sha256(readFileSync(out));
}

/** As `startedProgram`, until the test ends. */
async function started(argv: readonly string[], isReady: () => Promise<void>) {
  const program = await startedProgram(argv, isReady);
  ends.push(() => program.end());
  return program;
}

function sourceFile(name = 'source.img'): string {
  const path = join(place.path, name);
  writeFileSync(path, content);
  return path;
}

describe('an image of a web server', () => {
  let web: RangeServer;
  beforeEach(async () => {
    web = await new RangeServer(content).start();
    ends.push(() => web.stop());
  });

  it('is what real NBD clients read, and nobody writes', async () => {
    expect(await link(web.url)).toEqual({ name: 'image.iso', size: content.length });
    const info = await run('nbdinfo', ['--json', links.pathOf('image.iso')]);
    expect(JSON.parse(info.stdout)).toMatchObject({
      ...{ protocol: 'newstyle-fixed', structured: true },
      exports: [{ 'export-size': content.length, is_read_only: true, can_multi_conn: true }],
    });
    const list = await run('nbdinfo', ['--list', links.pathOf('image.iso')]);
    expect(list.stdout).toContain(`export-size: ${content.length}`);
    const qemu = await converted('image.iso');
    expect(sha256(qemu.subarray(0, content.length))).toBe(sha256(content));
    expect(qemu.subarray(content.length).every((byte) => byte === 0)).toBe(true);
    expect(await copied('image.iso')).toBe(sha256(content));
    expect(statSync(socketOf('image.iso')).mode & 0o777).toBe(0o600);
    const uri = `nbd+unix://?socket=${socketOf('image.iso')}`;
    const write = run('qemu-io', ['-f', 'raw', '-c', 'write 0 512', uri]);
    await expect(write).rejects.toThrow(/Permission denied/);
  });

  it('is an image of the storage that tells where it is', async () => {
    await link(web.url.replace('//', '//me:s3cret@').concat('?token=s3cret'), 'a/b.iso');
    expect(links.state.value.images['a/b.iso']).toEqual({
      ...{ complete: true, removable: true, writable: false, size: content.length },
      mod_ts: expect.any(Number),
      link: { url: `${web.url}?…`, state: 'online', since: null, reason: '' },
    });
    expect(links.nameOf(links.pathOf('a/b.iso'))).toBe('a/b.iso');
    await expect(link(web.url, 'a/b.iso')).rejects.toMatchObject({ name: 'MsdImageExistsError' });
    await expect(links.create('a/b.iso', 5)).rejects.toMatchObject({ name: 'MsdImageExistsError' });
    const kept = join(place.path, 'links', 'links.json');
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    expect(readFileSync(kept, 'utf8')).toContain('s3cret');
    expect(JSON.stringify([links.state.value, log.messages])).not.toContain('s3cret');
  });

  it('is read as a whole, is held while it is in use, and can be removed', async () => {
    await link(web.url);
    const reader = await links.open('image.iso');
    await expect(links.remove('image.iso')).rejects.toMatchObject({ name: 'MsdIsBusyError' });
    const pieces: Uint8Array[] = [];
    for await (const piece of reader.chunks()) pieces.push(piece);
    expect(sha256(Buffer.concat(pieces))).toBe(sha256(content));
    const socket = socketOf('image.iso');
    await links.remove('image.iso');
    expect(links.state.value.images).toEqual({});
    await expect(run('nbdinfo', [`nbd+unix:///?socket=${socket}`])).rejects.toThrow(/No such file/);
    await close();
    await open();
    expect(links.state.value.images).toEqual({});
  });

  it('is on its socket again after a restart, and looks after its source', async () => {
    await link(web.url);
    const socket = socketOf('image.iso');
    await close();
    await web.stop();
    await open();
    expect(socketOf('image.iso')).toBe(socket);
    await stateIs('image.iso', 'retrying');
    await expect(links.check('image.iso')).rejects.toMatchObject({ name: 'MsdLinkError' });
    await web.start();
    await stateIs('image.iso', 'online');
    expect(await copied('image.iso')).toBe(sha256(content));
  });

  it('lets a reader wait over a server that is killed in the middle', async () => {
    await link(web.url);
    web.misbehaviour = 'stall';
    const copying = copied('image.iso');
    await expect.poll(() => web.ranges.length, { interval: 20 }).toBeGreaterThan(1);
    await web.stop();
    await stateIs('image.iso', 'retrying');
    web.misbehaviour = undefined;
    await web.start();
    expect(await copying).toBe(sha256(content));
    expect(shown('image.iso')).toMatchObject({ state: 'online' });
  });

  it('is an error for the reader when it has changed, and nothing is mixed', async () => {
    await link(web.url);
    web.etag = '"2"';
    await expect(copied('image.iso')).rejects.toThrow(/Input\/output error/);
    expect(shown('image.iso')).toMatchObject({ state: 'changed', since: expect.any(Number) });
    await expect(links.check('image.iso')).rejects.toThrow(/changed/);
  });

  it.each([
    ['nobody listens', 'http://127.0.0.1:1/x.iso', 'ClientConnectorError'],
    ['the host has no name', 'http://nowhere.invalid/x.iso', 'ClientConnectorError'],
    ['the name is hidden', undefined, 'ValidatorError'],
  ])('is not linked when %s', async (_, url, name) => {
    await expect(link(url ?? web.url, url ? '' : '.hidden')).rejects.toMatchObject({ name });
    expect(links.state.value.images).toEqual({});
  });
});

describe('an NBD export of somebody', () => {
  it('is linked over TCP and a unix socket, from nbdkit and from qemu-nbd', async () => {
    const file = sourceFile();
    const port = await freePort();
    await started(
      ['nbdkit', '-f', '--exit-with-parent', '-i', '127.0.0.1', '-p', `${port}`, 'file', file],
      () => untilListening({ port }),
    );
    const path = join(place.path, 'qemu.sock');
    const image = ['-f', 'raw', '-x', 'disk', file];
    await started(['qemu-nbd', '-r', '-t', '-e', '8', '-k', path, ...image], () =>
      untilListening({ path }),
    );
    await link(`nbd://127.0.0.1:${port}`, 'tcp.img');
    await link(`nbd+unix:///disk?socket=${path}`);
    expect(await copied('tcp.img')).toBe(sha256(content));
    // QEMU exports whole sectors.
    const qemu = await converted('disk');
    expect(sha256(qemu.subarray(0, content.length))).toBe(sha256(content));
    expect(shown('tcp.img')?.url).toBe(`nbd://127.0.0.1:${port}`);
    await expect(link(`nbd+unix:///other?socket=${path}`)).rejects.toThrow(/no export/);
  });

  it('is read over TLS, from a host whose certificate is trusted or need not be', async () => {
    const file = sourceFile();
    const certificates = join(place.path, 'pki');
    mkdirSync(certificates);
    const pem = (name: string) => join(certificates, name);
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const files = ['-keyout', pem('server-key.pem'), '-out', pem('server-cert.pem')];
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    execFileSync('openssl', [...request, '-nodes', '-days', '2', ...subject, ...files], {
      stdio: 'pipe',
    });
    execFileSync('cp', [pem('server-cert.pem'), pem('ca-cert.pem')]);
    const port = await freePort();
    const tls = ['--tls=require', `--tls-certificates=${certificates}`];
    await started(['nbdkit', '-f', '-i', '127.0.0.1', '-p', `${port}`, ...tls, 'file', file], () =>
      untilListening({ port }),
    );
    await expect(link(`nbd://localhost:${port}`, 'a.img')).rejects.toThrow(/nbds:/);
    await expect(link(`nbds://localhost:${port}`, 'a.img')).rejects.toThrow(/self-signed/);
    await link(`nbds://localhost:${port}`, 'a.img', true);
    expect(await copied('a.img')).toBe(sha256(content));
  });

  it('may be killed in the middle and come back', async () => {
    const file = sourceFile();
    const path = join(place.path, 'kit.sock');
    // Slow enough to be in the middle for a while.
    const slow = ['--filter=delay', 'file', file, 'delay-read=100ms'];
    const serve = () => {
      execFileSync('rm', ['-f', path]);
      return started(['nbdkit', '-f', '-U', path, ...slow], () => untilListening({ path }));
    };
    const first = await serve();
    await link(`nbd+unix:///?socket=${path}`, 'a.img');
    const copying = copied('a.img');
    await first.end();
    await stateIs('a.img', 'retrying');
    await serve();
    expect(await copying).toBe(sha256(content));
    expect(log.messages).toContain('info The source of the image is back');
  });

  it('is refused where there is something else', async () => {
    const web = await new RangeServer(content).start();
    ends.push(() => web.stop());
    const port = Number(new URL(web.url).port);
    // A web server says nothing before it is asked.
    const asked = links.link({
      ...{ url: `nbd://127.0.0.1:${port}`, prefix: '', image: 'a', insecure: false },
      signal: AbortSignal.timeout(500),
    });
    await expect(asked).rejects.toThrow();
  });
});

describe('an image of a file server', () => {
  const home = process.env.HOME;
  afterEach(() => {
    process.env.HOME = home;
  });

  it('is read over sftp, from a host whose key is known or need not be', async () => {
    const file = sourceFile('a b.iso');
    process.env.HOME = place.path;
    await using sshd = await startSshd(place.path);
    const url = `sftp://root@127.0.0.1:${sshd.port}${encodeURI(file)}`;
    await expect(link(url)).rejects.toThrow(/known_hosts|knownhosts/);
    await link(url, 'any.iso', true);
    sshd.makeKnown();
    await link(url);
    expect(await copied('a b.iso')).toBe(sha256(content));
    expect(await copied('any.iso')).toBe(sha256(content));
    // Nobody reads any more: no helper stays.
    await expect.poll(() => processesOf('rclone', dirname(file)), { interval: 50 }).toEqual([]);
    await expect(link(`${url}x`)).rejects.toMatchObject({ name: 'MsdLinkError' });
  });

  it('is read over sftp, also when the server is killed in the middle and comes back', async () => {
    const file = sourceFile();
    process.env.HOME = place.path;
    const sshd = await startSshd(place.path);
    const { port } = sshd;
    await link(`sftp://root@127.0.0.1:${port}${file}`, 'a.iso', true);
    const [first] = [await links.open('a.iso')];
    const pieces = first.chunks();
    const got = [(await pieces.next()).value ?? new Uint8Array()];
    await sshd[Symbol.asyncDispose]();
    const rest = (async () => {
      for await (const piece of pieces) got.push(piece);
    })();
    await stateIs('a.iso', 'retrying');
    await using _ = await startSshd(place.path, port);
    await rest;
    expect(sha256(Buffer.concat(got))).toBe(sha256(content));
  });

  it('is read over smb, with a password', async () => {
    sourceFile('disc.iso');
    await using samba = await startSamba(place.path, { user: 'root', password: 'a:b@c/d é' });
    const where = `127.0.0.1:${samba.port}/share/disc.iso`;
    await expect(link(`smb://root:wrong@${where}`)).rejects.toMatchObject({ name: 'MsdLinkError' });
    await link(`smb://root:${encodeURIComponent('a:b@c/d é')}@${where}`);
    expect(await copied('disc.iso')).toBe(sha256(content));
    expect(shown('disc.iso')?.url).toBe(`smb://${where}`);
  });

  it('is not linked without rclone, which is told', async () => {
    const { PATH } = process.env;
    process.env.PATH = '/nonexistent';
    try {
      await expect(link('sftp://root@127.0.0.1/x.iso')).rejects.toThrow(/apt install rclone/);
    } finally {
      process.env.PATH = PATH;
    }
  });
});
