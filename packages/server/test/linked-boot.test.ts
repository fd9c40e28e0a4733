import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, createClient } from '@crashcart/api';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { SerialLine } from './support/guest.ts';
import { RangeServer } from './support/range-server.ts';
import { ServerProcess } from './support/server-process.ts';
import { StateDirectory } from './support/state-directory.ts';
import { buildTestIso, TEST_ISO_BANNER } from './support/test-iso.ts';

/** A guest on a busy machine is slow, ms. */
const PATIENCE_MS = 90_000;
const CONFIG = `
server: {tls: {enabled: false}}
qemu: {accel: tcg, memory: 256}
`;

describe('a machine with an image that stays on a web server', () => {
  const state = new StateDirectory();
  const iso = join(state.path, 'test.iso');
  const argv = ['--state', state.path, '--config', state.config(CONFIG), '--port', '0'];
  let web: RangeServer;
  let server: ServerProcess;
  let client: Client;
  let serial: SerialLine;
  let hash = '';

  async function startServer(): Promise<void> {
    server = await ServerProcess.start(argv, { CRASHCART_PASSWORD: 'admin' });
    client = createClient({
      ...{ baseUrl: server.url, credentials: { user: 'admin', passwd: 'admin' } },
    });
  }

  const image = async () => (await client.call('msd')).storage?.images['disc.iso'];
  const stateIs = (wanted: string) =>
    vi.waitUntil(async () => (await image())?.link?.state === wanted, {
      ...{ timeout: PATIENCE_MS, interval: 50 },
    });

  let commands = 0;
  /** Has the guest run a command; resolves with what it prints. */
  async function guest(command: string): Promise<string> {
    const from = serial.text.length;
    commands += 1;
    // The line comes back as an echo, which must not look like the end.
    serial.send(`${command}; echo "<${commands}:$?"">"`);
    await serial.waitFor(new RegExp(`<${commands}:\\d+>`), PATIENCE_MS, from);
    return serial.text.slice(from);
  }

  /** Has the guest find the disc as `$DISC`: the machine has a smaller one of its own. */
  async function findDisc(): Promise<void> {
    const isIt = '[ "$(cat $d/size)" -gt 20000 ]';
    const look = `for d in /sys/block/sr*; do ${isIt} && DISC=/dev/\${d##*/}; done`;
    const isRead = 'dd if=$DISC of=/dev/null count=1 2>/dev/null';
    await guest(`DISC=; until [ "$DISC" ] && ${isRead}; do ${look}; usleep 50000; done`);
  }

  /** Nothing that the guest has read before is known to it any more. */
  const DROP = 'echo 3 > /proc/sys/vm/drop_caches';

  beforeAll(async () => {
    buildTestIso(iso);
    const bytes = readFileSync(iso);
    hash = createHash('sha256').update(bytes).digest('hex');
    web = await new RangeServer(bytes).start();
    await startServer();
  });
  afterEach(() => {
    web.misbehaviour = undefined;
    web.etag = '"1"';
  });
  afterAll(async () => {
    serial?.close();
    await server?.end('SIGKILL');
    await web?.stop();
    await state[Symbol.asyncDispose]();
  });

  it('boots from it, and has every byte of it', async () => {
    const { image: linked } = await client.call('msdLink', { url: web.url, image: 'disc.iso' });
    expect(linked).toEqual({ name: 'disc.iso', size: readFileSync(iso).length });
    await vi.waitUntil(async () => (await client.call('msd')).drive !== null, {
      ...{ timeout: PATIENCE_MS, interval: 50 },
    });
    await client.call('msdSetParams', { image: 'disc.iso', cdrom: true });
    await client.call('msdSetConnected', { connected: true });
    serial = new SerialLine(join(state.path, 'machines/default/serial.sock'));
    await client.call('atxPower', { action: 'reset_hard', wait: true });
    await serial.waitFor(TEST_ISO_BANNER, PATIENCE_MS);
    await serial.waitFor(/guest# /, PATIENCE_MS);
    await guest('modprobe isofs; modprobe sr_mod');
    await findDisc();
    expect(await guest('sha256sum $DISC')).toContain(hash);
    expect((await client.call('msd')).drive).toMatchObject({
      connected: true,
      image: { name: 'disc.iso', in_storage: true, link: { url: web.url, state: 'online' } },
    });
  });

  /** Nobody knows any more what was read of it. */
  async function insertAnew(): Promise<void> {
    await client.call('msdSetConnected', { connected: false });
    await client.call('msdSetConnected', { connected: true });
    await findDisc();
    await guest(DROP);
  }

  it('waits for a web server that is killed in the middle', async () => {
    await insertAnew();
    web.ranges.length = 0;
    web.misbehaviour = 'stall';
    const reading = guest('sha256sum $DISC');
    await vi.waitUntil(() => web.ranges.length > 0, { timeout: PATIENCE_MS, interval: 20 });
    await web.stop();
    await stateIs('retrying');
    web.misbehaviour = undefined;
    await web.start();
    expect(await reading).toContain(hash);
    await stateIs('online');
  });

  it('goes on over a kill of the server, which finds it in the drive again', async () => {
    await server.end('SIGKILL');
    await startServer();
    await vi.waitUntil(async () => (await client.call('msd')).drive?.connected, {
      ...{ timeout: PATIENCE_MS, interval: 50 },
    });
    expect((await client.call('msd')).drive?.image).toMatchObject({ name: 'disc.iso' });
    await guest(DROP);
    expect(await guest('sha256sum $DISC')).toContain(hash);
  });

  it('is let go of at once while its source is away and the guest waits for it', async () => {
    await insertAnew();
    await web.stop();
    await guest('(dd if=$DISC of=/dev/null bs=64k >/dev/null 2>&1 &)');
    await stateIs('retrying');
    const startMs = performance.now();
    await client.call('msdSetConnected', { connected: false });
    // Not the minute that a guest would wait.
    expect(performance.now() - startMs).toBeLessThan(15_000);
    await web.start();
    await client.call('msdSetConnected', { connected: true });
    await findDisc();
  });

  it('gets errors from an image that has changed, and never its bytes', async () => {
    await insertAnew();
    web.etag = '"2"';
    expect(await guest('sha256sum $DISC')).toMatch(/I\/O error|Input\/output error/);
    await stateIs('changed');
    await client.call('msdSetConnected', { connected: false });
    await expect(client.call('msdSetConnected', { connected: true })).rejects.toMatchObject({
      name: 'MsdLinkError',
    });
    expect(state.logs()).not.toContain('"2"');
  });

  it('has it no more when it is removed', async () => {
    await client.call('msdRemove', { image: 'disc.iso' });
    expect((await client.call('msd')).storage?.images).toEqual({});
  });
});
