import { spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { serveStreamer } from '../src/frontends/http/serve-streamer.ts';
import { mediaStateOf, serveMediaSocket } from '../src/frontends/ws/media-socket.ts';
import { jpegSize } from '../src/protocols/jpeg-size.ts';
import { loadJpegTurbo } from '../src/video/jpeg-turbo.ts';
import { FakeVideoSource } from './fakes/fake-video-source.ts';
import { FrontRig } from './support/front-rig.ts';
import { IDR, nalTypes, SLICE } from './support/h264-stream.ts';
import { http } from './support/http-client.ts';
import { type Format, MediaViewer, MjpegViewer, type Viewer } from './support/video-viewers.ts';

const FORMATS: readonly Format[] = ['jpeg', 'tiles', 'h264'];
const H264 = {
  bitrate: { default: 5000, min: 25, max: 20_000 },
  gop: { default: 0, min: 0, max: 60 },
};
const LIMITS = { connectionsPerAddress: 1000, requestsPerAddress: 1000 };
/** One noisy picture of 640x480 px is smaller in any format, bytes. */
const PICTURE_BYTES = 400 * 1024;
const H264_WAITING_BYTES = 512 * 1024;

/** One encodes, and one may wait for another size. */
const MOST_ENCODERS = 2;

/** Processes that this one has started and that run ffmpeg. */
function encoders(): readonly number[] {
  const { stdout } = spawnSync('ps', ['--ppid', String(process.pid), '-o', 'pid=,comm='], {
    encoding: 'utf8',
  });
  return [...stdout.matchAll(/(\d+) ffmpeg$/gm)].map(([, pid]) => Number(pid));
}

describe('video under attack', () => {
  let source: FakeVideoSource;
  let rig: FrontRig;
  let cookie: string;
  let viewers: Viewer[];
  /** The server's ends of all connections. */
  let sockets: Socket[];
  const keep = (message: unknown) => sockets.push((message as { socket: Socket }).socket);

  beforeEach(async () => {
    viewers = [];
    sockets = [];
    subscribe('net.server.socket', keep);
    source = new FakeVideoSource({ online: true, width: 640, height: 480 });
    const videoFront = { serveStreamer, serveMediaSocket, mediaStateOf };
    rig = await FrontRig.start({ source, h264: H264, http: { videoFront, limits: LIMITS } });
    cookie = await rig.login();
  });
  afterEach(async () => {
    unsubscribe('net.server.socket', keep);
    for (const viewer of viewers) viewer.close();
    await rig.close();
    await expect.poll(encoders).toEqual([]);
  });

  async function watch(format: Format | 'mjpeg'): Promise<Viewer> {
    const viewer =
      format === 'mjpeg'
        ? await MjpegViewer.open(rig.url, cookie)
        : await MediaViewer.open(rig.url, cookie, format);
    viewers.push(viewer);
    return viewer;
  }
  const watchAll = () => Promise.all(['mjpeg' as const, ...FORMATS].map(watch));
  const shown = () => expect.poll(() => source.feed).toBeDefined();
  const noise = Buffer.alloc(640 * 480 * 4);
  const pushNoise = () =>
    source.feed?.push({ width: 640, height: 480, data: randomFillSync(noise) });

  /** All of them get something new that was pushed now. */
  async function allGet(those: readonly Viewer[], push: () => void): Promise<void> {
    const before = those.map(({ count }) => count);
    push();
    await expect
      .poll(() => those.every(({ count }, index) => count > (before[index] ?? 0)), { interval: 5 })
      .toBe(true);
  }
  const state = async () =>
    (await http(`${rig.url}/streamer/state`, { headers: { cookie } })).result() as {
      readonly stream: { readonly clients: number };
      readonly source: { readonly online: boolean };
    };

  it('holds one picture for who reads nothing or hardly anything, and others get all', async () => {
    const good = await watchAll();
    await shown();
    await allGet(good, pushNoise);
    const before = sockets.length;
    const bad: Viewer[] = [];
    for (let count = 0; count < 4; count += 1) bad.push(...(await watchAll()));
    for (const viewer of bad) viewer.pause();
    const trickle = bad.filter((viewer) => viewer instanceof MjpegViewer).slice(2);
    const waiting: number[] = [];
    for (let count = 0; count < 40; count += 1) {
      await allGet(good, pushNoise);
      // A byte now and then.
      for (const { socket } of trickle) socket.read(1);
      waiting.push(...sockets.slice(before).map(({ writableLength }) => writableLength));
    }
    expect(Math.max(...waiting)).toBeGreaterThan(0);
    expect(Math.max(...waiting)).toBeLessThan(H264_WAITING_BYTES + PICTURE_BYTES);
    const stalled = sockets.slice(before).map(({ writableLength }) => writableLength);
    // Of each four, one is H.264 and may have more waiting.
    const small = stalled.filter((bytes) => bytes < PICTURE_BYTES).length;
    expect(small).toBeGreaterThanOrEqual(stalled.length - 4);
    // And they get the newest when they read again.
    for (const viewer of bad) viewer.resume();
    await allGet([...good, ...bad], () => source.feed?.pushFilled(640, 480, [0, 200, 0]));
  });

  it('does not notice who reconnects for ever', async () => {
    const [mjpeg, jpeg, tiles] = await watchAll();
    const good = [mjpeg, jpeg, tiles].filter((each) => each !== undefined);
    for (const viewer of viewers.splice(3)) viewer.close();
    await shown();
    const pids = new Set<number>();
    for (let round = 0; round < 25; round += 1) {
      const those = await watchAll();
      if (round % 5 === 0) for (const pid of encoders()) pids.add(pid);
      for (const viewer of those) viewer.close();
      await allGet(good, () => source.feed?.pushFilled(320, 240, [round, 0, 0]));
    }
    expect(pids.size).toBeLessThan(5);
    await expect.poll(async () => (await state()).stream.clients).toBe(1);
    await expect.poll(encoders).toEqual([]);
  });

  it('lets go who sends junk or asks for key frames in a loop, and says why', async () => {
    const good = await watchAll();
    await shown();
    await allGet(good, pushNoise);
    const closing = async (data: string | Buffer, format: Format) => {
      const { socket } = await MediaViewer.open(rig.url, cookie, format);
      let pictures = 0;
      socket.on('message', () => {
        pictures += 1;
      });
      const closed = once(socket, 'close');
      for (let count = 0; count < 3000; count += 1) socket.send(data);
      const [code, reason] = await closed;
      return { told: [code, String(reason)], pictures };
    };
    for (const format of FORMATS) {
      for (const junk of ['{', '{"event_type": "start", "event": 7}', Buffer.from([9, 9, 9])]) {
        expect((await closing(junk, format)).told).toEqual([1008, 'Too many bad messages']);
      }
      const { told, pictures } = await closing(Buffer.from([1]), format);
      expect(told).toEqual([1008, 'Too many messages']);
      expect(pictures).toBeLessThan(200);
    }
    await allGet(good, pushNoise);
  });

  it('shows the same to 64 viewers by one encoder each', async () => {
    const all = (await Promise.all(Array.from({ length: 16 }, watchAll))).flat();
    await shown();
    for (let count = 0; count < 5; count += 1) await allGet(all, pushNoise);
    expect(encoders().length).toBeLessThanOrEqual(MOST_ENCODERS);
    expect((await state()).stream.clients).toBe(16);
    const [first, ...others] = all.filter((viewer) => viewer instanceof MjpegViewer);
    await expect.poll(() => others.every(({ newest }) => first?.newest.equals(newest))).toBe(true);
  });

  it('follows a source that changes its size twenty times in a second', async () => {
    const good = await watchAll();
    await shown();
    await allGet(good, pushNoise);
    const { arrayBuffers } = process.memoryUsage();
    for (let count = 0; count < 20; count += 1) {
      source.feed?.pushFilled(320 + 32 * count, 200 + 16 * (count % 3), [count, 100, 0]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    source.feed?.pushFilled(400, 304, [0, 0, 200]);
    const [mjpeg, jpeg, tiles, h264] = good;
    const size = { width: 400, height: 304 };
    await expect.poll(() => jpegSize(mjpeg?.newest ?? noise)).toEqual(size);
    await expect.poll(() => jpegSize(jpeg?.newest.subarray(2) ?? noise)).toEqual(size);
    const told = () => [tiles?.newest.readUInt16BE(6), tiles?.newest.readUInt16BE(8)];
    await expect.poll(told).toEqual([400, 304]);
    const count = h264?.count ?? 0;
    source.feed?.pushFilled(400, 304, [0, 200, 0]);
    await expect.poll(() => h264?.count).toBeGreaterThan(count);
    await expect.poll(() => encoders().length).toBeLessThanOrEqual(MOST_ENCODERS);
    expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(256 * 1024 * 1024);
  });

  it('goes on after broken files, and says that a preview cannot be made of one', async () => {
    const good = await watchAll();
    await shown();
    const turbo = await loadJpegTurbo();
    const file = async (grey: number) => {
      const pixels = Buffer.alloc(320 * 240 * 4, grey);
      const out = Buffer.alloc(turbo.outputBytes(320, 240));
      return Buffer.from(await turbo.encode(pixels, 320, 240, 90, out));
    };
    const first = await file(60);
    await allGet(good, () => source.feed?.pushJpeg(320, 240, first));
    for (const broken of [first.subarray(0, 100), Buffer.from('nothing'), Buffer.alloc(0)]) {
      source.feed?.pushJpeg(320, 240, broken);
      const preview = `${rig.url}/api/streamer/snapshot?preview=1`;
      const { status, body } = await http(preview, { headers: { cookie } });
      expect(status).toBe(503);
      expect(body.toString()).toContain('The picture is broken');
    }
    const last = await file(200);
    await allGet(good, () => source.feed?.pushJpeg(320, 240, last));
    await expect.poll(() => good[0]?.newest.equals(last)).toBe(true);
  });

  it('notices a viewer whose line is dead, and that nobody looks any more', async () => {
    const videoFront = { serveStreamer, serveMediaSocket, mediaStateOf };
    const limits = { ...LIMITS, heartbeatMs: 500 };
    await rig.restart({ http: { videoFront, limits } });
    cookie = await rig.login();
    const those = await Promise.all(FORMATS.map(watch));
    await shown();
    await allGet(those, pushNoise);
    expect(source.feed?.watched).toBe(true);
    for (const viewer of those) viewer.pause();
    await expect.poll(() => source.feed?.watched).toBe(false);
  });

  it('tells everyone at once that the signal is lost, why, and that it is back', async () => {
    const good = await watchAll();
    await shown();
    await allGet(good, pushNoise);
    const address = `${rig.url.replace('http', 'ws')}/api/ws?stream=1`;
    const events = new WebSocket(address, { headers: { cookie } });
    viewers.push({ count: 0, newest: noise, pause() {}, resume() {}, close: () => events.close() });
    let reason: string | undefined = 'nothing came';
    events.on('message', (data) => {
      const { event_type: type, event } = JSON.parse(String(data));
      if (type === 'streamer' && event.streamer) reason = event.streamer.source.reason;
    });
    await expect.poll(() => reason).toBeUndefined();
    const [mjpeg, , tiles, h264] = good;
    for (const why of ['The cable is out.', 'The capture ended with code 1.']) {
      const lost = () => source.feed?.signal.set({ online: false, reason: why });
      await allGet(good, lost);
      await expect.poll(() => reason).toBe(why);
      expect((mjpeg as MjpegViewer).head).toContain('X-UStreamer-Online: false');
      await expect.poll(() => tiles?.newest.readUInt16BE(8)).toBe(480);
      expect((await state()).source).toMatchObject({ online: false, reason: why });
      const back = () => source.feed?.pushFilled(320, 240, [0, 90, why.length]);
      await allGet(good, back);
      await expect.poll(() => reason).toBeUndefined();
      expect((mjpeg as MjpegViewer).head).toContain('X-UStreamer-Online: true');
      await expect.poll(() => tiles?.newest.readUInt16BE(8)).toBe(240);
    }
    expect([IDR, SLICE]).toContain(nalTypes(h264?.newest.subarray(2) ?? noise).at(-1));
  });
});
