import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Misbehaviour, RangeServer } from '../../../test/support/range-server.ts';
import { recordingLog } from '../../../test/support/recording-log.ts';
import { until } from '../../core/state.ts';
import { SourceChangedError, SourceRefusedError } from './block-source.ts';
import { openSource } from './open-source.ts';
import { SteadySource } from './steady-source.ts';
import { openWebSource } from './web-source.ts';

const content = randomBytes(100_000);
const other = randomBytes(100_000);
const limit = () => AbortSignal.timeout(10_000);

let web: RangeServer;
let source: SteadySource | undefined;

beforeEach(async () => {
  web = await new RangeServer(content).start();
});
afterEach(async () => {
  await source?.close();
  source = undefined;
  await web.stop();
});

describe('a file of a web server', () => {
  it('is read in parts, and pinned by its ETag', async () => {
    const opened = await openWebSource(web.url, false, limit());
    expect(opened).toMatchObject({
      facts: { size: content.length, etag: '"1"', lastModified: '' },
      fileName: 'image.iso',
    });
    const bytes = await opened.read(4096, 512, limit());
    expect(Buffer.from(bytes)).toEqual(content.subarray(4096, 4608));
    expect(web.ranges).toEqual(['bytes=0-0', 'bytes=4096-4607']);
    web.etag = '"2"';
    await expect(opened.read(0, 512, limit())).rejects.toThrow(SourceChangedError);
    opened.close();
  });

  it('is pinned by its date or a weak ETag where there is no better', async () => {
    web.etag = 'W/"1"';
    web.lastModified = 'Sun, 29 Nov 2026 01:00:00 GMT';
    const opened = await openWebSource(web.url, false, limit());
    await opened.read(0, 512, limit());
    web.etag = 'W/"2"';
    await expect(opened.read(0, 512, limit())).rejects.toThrow(/another ETag/);
    web.etag = 'W/"1"';
    web.lastModified = 'Sun, 29 Nov 2026 01:00:01 GMT';
    await expect(opened.read(0, 512, limit())).rejects.toThrow(/another Last-Modified/);
    opened.close();
  });

  it('is pinned by its size, too', async () => {
    const opened = await openWebSource(web.url, false, limit());
    web.bytes = Buffer.concat([content, other]);
    await expect(opened.read(0, 512, limit())).rejects.toThrow(/has 200000 bytes/);
    web.bytes = content.subarray(0, 512);
    await expect(opened.read(5000, 512, limit())).rejects.toThrow();
    opened.close();
  });

  it('is not used when a change would not be seen, or it comes only whole', async () => {
    web.etag = undefined;
    await expect(openWebSource(web.url, false, limit())).rejects.toThrow(/neither ETag nor/);
    web.etag = '"1"';
    web.misbehaviour = 'whole';
    const whole = openWebSource(web.url, false, limit());
    await expect(whole).rejects.toThrow(SourceRefusedError);
    await expect(whole).rejects.toThrow(/no Range/);
  });

  it('opens with the user and the password of the URL', async () => {
    web.authorization = `Basic ${Buffer.from('me:s3cret').toString('base64')}`;
    await expect(openWebSource(web.url, false, limit())).rejects.toThrow(/401/);
    const url = web.url.replace('//', '//me:s3cret@');
    const opened = await openWebSource(url, false, limit());
    expect(await opened.read(0, 3, limit())).toHaveLength(3);
    opened.close();
  });

  it.each<[Misbehaviour, RegExp]>([
    ['cut', /ended too early/],
    ['shift', /another part/],
    ['long', /more than asked/],
    ['pack', /packs/],
  ])('that lies or breaks off gives nothing (%s)', async (how, message) => {
    const opened = await openWebSource(web.url, false, limit());
    web.misbehaviour = how;
    await expect(opened.read(0, 512, limit())).rejects.toThrow(message);
    opened.close();
  });
});

describe('a steady source', () => {
  const log = recordingLog();

  async function steady(patienceMs = 10_000): Promise<SteadySource> {
    log.messages.length = 0;
    const opened = await openWebSource(web.url, false, limit());
    opened.close();
    const made = new SteadySource({
      open: (signal) => openSource({ url: web.url, insecure: false }, opened.facts, signal),
      ...{ image: 'a.iso', log, patienceMs },
    });
    source = made;
    return made;
  }

  it('lets readers wait while it is away, and says so once', async () => {
    const made = await steady();
    await made.read(0, 512);
    await web.stop();
    const reads = [0, 1, 2].map((at) => made.read(at * 512, 512));
    const away = await until(made.state, ({ kind }) => kind === 'retrying', limit());
    expect(away).toMatchObject({ reason: expect.stringMatching(/Connect call failed|ECONN/) });
    await web.start();
    const bytes = await Promise.all(reads);
    expect(Buffer.concat(bytes)).toEqual(content.subarray(0, 1536));
    expect(made.state.value).toEqual({ kind: 'online' });
    expect(log.messages).toEqual([
      'warn The source of the image is away; it is tried again',
      'info The source of the image is back',
    ]);
  });

  it.each<Misbehaviour>(['cut', 503])('goes over trouble of the server (%s)', async (how) => {
    const made = await steady();
    web.misbehaviour = how;
    const read = made.read(1000, 512);
    await until(made.state, ({ kind }) => kind === 'retrying', limit());
    web.misbehaviour = undefined;
    expect(Buffer.from(await read)).toEqual(content.subarray(1000, 1512));
  });

  it('fails the readers when it is away for too long, and still heals', async () => {
    const made = await steady(300);
    await web.stop();
    await expect(made.read(0, 512)).rejects.toThrow();
    await expect(made.read(0, 512)).rejects.toThrow();
    await web.start();
    await until(made.state, ({ kind }) => kind === 'online', limit());
    expect(await made.read(0, 512)).toHaveLength(512);
  });

  it('counts the time from the question, when the server is silent', async () => {
    const patienceMs = 300;
    const made = await steady(patienceMs);
    await made.read(0, 512);
    web.misbehaviour = 'stall';
    const askedMs = Date.now();
    await expect(made.read(0, 512)).rejects.toThrow();
    const state = made.state.value;
    if (state.kind === 'online') throw new Error('It is online');
    // Who asks now does not wait once more.
    expect(state.sinceMs - askedMs).toBeLessThan(patienceMs);
    await expect(made.read(512, 512)).rejects.toThrow(state.reason);
  });

  it('never mixes another image into it, and goes on when the first one is back', async () => {
    const made = await steady();
    web.bytes = other;
    web.etag = '"2"';
    await expect(made.read(0, 512)).rejects.toThrow(/changed/);
    expect(made.state.value.kind).toBe('changed');
    await expect(made.read(512, 512)).rejects.toThrow(/changed/);
    web.bytes = content;
    web.etag = '"1"';
    await until(made.state, ({ kind }) => kind === 'online', limit());
    expect(Buffer.from(await made.read(0, 512))).toEqual(content.subarray(0, 512));
  });

  it('fails at once when the server has it no longer', async () => {
    const made = await steady();
    web.misbehaviour = 404;
    await expect(made.read(0, 512)).rejects.toThrow();
    expect(made.state.value.kind).toBe('gone');
    web.misbehaviour = undefined;
    await made.check();
    expect(made.state.value.kind).toBe('online');
  });

  it.each(['away', 'stalled'])('fails who waits for it when it is taken out (%s)', async (how) => {
    const made = await steady();
    await made.read(0, 512);
    if (how === 'stalled') web.misbehaviour = 'stall';
    else await web.stop();
    const read = made.read(0, 512);
    if (how === 'stalled') await vi.waitUntil(() => web.ranges.length > 2);
    else await until(made.state, ({ kind }) => kind === 'retrying', limit());
    made.giveUp();
    await expect(read).rejects.toThrow('was taken out');
    await expect(made.read(0, 512)).rejects.toThrow('was taken out');
    if (how === 'stalled') expect(made.state.value.kind).toBe('online');
    web.misbehaviour = undefined;
    if (how === 'away') await web.start();
    await made.check();
    expect(await made.read(0, 512)).toHaveLength(512);
  });

  it('ends who waits when it is closed', async () => {
    const made = await steady();
    await web.stop();
    const read = made.read(0, 512);
    await until(made.state, ({ kind }) => kind === 'retrying', limit());
    await made.close();
    await expect(read).rejects.toThrow('The link was closed');
  });
});
