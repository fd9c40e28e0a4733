import { spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { silentLog } from '../src/core/log.ts';
import { Streamer } from '../src/core/streamer.ts';
import { type MediaFormat, serveMediaSocket } from '../src/frontends/ws/media-socket.ts';
import { canEncodeH264 } from '../src/video/h264-probe.ts';
import { loadJpegTurbo } from '../src/video/jpeg-turbo.ts';
import { Video } from '../src/video/video.ts';
import { FakeVideoSource } from './fakes/fake-video-source.ts';
import { launchBrowser } from './support/browser.ts';
import {
  type Colour,
  decodeFirst,
  IDR,
  isNear,
  middles,
  nalTypes,
  PPS,
  SEI,
  SLICE,
  SPS,
} from './support/h264-stream.ts';

const H264 = {
  bitrate: { default: 5000, min: 25, max: 20_000 },
  gop: { default: 0, min: 0, max: 60 },
};
/** Processes that this one has started and that run ffmpeg: the one that encodes, before one that may wait. */
function encoders(): readonly number[] {
  const { stdout } = spawnSync('ps', ['--ppid', String(process.pid), '-o', 'pid=,comm='], {
    encoding: 'utf8',
  });
  return [...stdout.matchAll(/(\d+) ffmpeg$/gm)].map(([, pid]) => Number(pid));
}

describe('H.264', () => {
  let source: FakeVideoSource;
  let streamer: Streamer;
  let video: Video;
  let server: WebSocketServer;
  let http: Server;
  const ended = new AbortController();

  beforeEach(async () => {
    source = new FakeVideoSource({ online: true, width: 320, height: 240 });
    const params = { desiredFps: 0, applyDelayMs: 0, h264: H264 };
    streamer = new Streamer({ source, log: silentLog, ...params });
    video = new Video(streamer, silentLog);
    http = createServer((_request, response) => response.end('<!doctype html>'));
    server = new WebSocketServer({ server: http });
    server.on('connection', (socket, request) => {
      const mode = new URL(request.url ?? '', 'http://localhost').searchParams.get('video');
      serveMediaSocket(socket, video, (mode as MediaFormat | null) ?? undefined, ended.signal);
    });
    await once(http.listen(0, '127.0.0.1'), 'listening');
  });

  afterEach(async () => {
    for (const client of server.clients) client.terminate();
    server.close();
    http.close();
    video.close();
    await streamer.close();
    await expect.poll(encoders).toEqual([]);
  });

  async function join(query = '') {
    const { port } = http.address() as AddressInfo;
    const socket = new WebSocket(`ws://127.0.0.1:${port}/?${query}`);
    const texts: string[] = [];
    const units: Buffer[] = [];
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) units.push(data);
      else texts.push(data.toString());
    });
    await once(socket, 'open');
    return { socket, texts, units };
  }

  const RED: Colour = [200, 0, 0];
  const GREEN: Colour = [0, 200, 0];
  const BLUE: Colour = [0, 0, 200];
  const show = (colour: Colour, width = 320, height = 240) =>
    source.feed?.pushFilled(width, height, [...colour]);

  it('can be encoded here', async () => {
    expect(await canEncodeH264(silentLog)).toBe(true);
    expect(await canEncodeH264(silentLog, '/nowhere/ffmpeg')).toBe(false);
    expect(await canEncodeH264(silentLog, '/bin/cat')).toBe(false);
  });

  it('is offered, starts with SPS, PPS and IDR, and shows what the machine shows', async () => {
    const { socket, texts, units } = await join();
    await expect.poll(() => texts.length).toBe(1);
    expect(JSON.parse(texts[0] ?? '')).toEqual({
      event_type: 'media',
      event: { video: { h264: { profile_level_id: '42E01F' }, jpeg: {}, tiles: {} } },
    });
    socket.send('{"event_type": "start", "event": {"type": "video", "format": "h264"}}');
    await expect.poll(() => source.feed).toBeDefined();
    show(RED);
    await expect.poll(() => units.length).toBe(1);
    const [first = Buffer.alloc(0)] = units;
    expect(first.subarray(0, 2).toString('hex')).toBe('0101');
    const types = nalTypes(first.subarray(2)).filter((type) => type !== SEI);
    expect(types.slice(0, 2)).toEqual([SPS, PPS]);
    expect(new Set(types.slice(2))).toEqual(new Set([IDR]));
    for (const colour of [GREEN, BLUE]) {
      const before = units.length;
      show(colour);
      await expect.poll(() => units.length).toBeGreaterThan(before);
      expect(units[before]?.subarray(0, 2).toString('hex')).toBe('0100');
      expect(nalTypes(units[before]?.subarray(2) ?? first)).toContain(SLICE);
    }
    const all = units.map((unit) => unit.subarray(2));
    const shown = await middles(Buffer.concat(all), 320, 240);
    expect(shown).toHaveLength(all.length);
    for (const colour of [RED, GREEN, BLUE])
      expect(shown.some((each) => isNear(each, colour))).toBe(true);
    expect(isNear(shown.at(-1), BLUE)).toBe(true);
    expect(video.state()).toMatchObject({
      h264: { bitrate: 5000, gop: 0, online: true },
      sinks: { h264: { has_clients: true } },
    });
  });

  it('gives a key frame to who comes later, and ends the encoder and the one that waits after the last', async () => {
    const first = await join('video=h264');
    await expect.poll(() => source.feed).toBeDefined();
    show(RED);
    // It is sent again a little until it is sharp, and then no more.
    await expect.poll(() => first.units.length).toBe(3);
    const second = await join('video=h264');
    await expect.poll(() => second.units.length).toBe(1);
    const [unit = Buffer.alloc(0)] = second.units;
    expect(nalTypes(unit)).toContain(SPS);
    expect(isNear((await middles(unit, 320, 240))[0], RED)).toBe(true);
    const keys = () => first.units.map((each) => nalTypes(each).includes(IDR));
    await expect.poll(keys).toEqual([true, false, false, true]);
    // The other one waits for another size.
    await expect.poll(encoders).toHaveLength(2);
    first.socket.close();
    show(GREEN);
    await expect.poll(() => second.units.length).toBe(2);
    second.socket.close();
    await expect.poll(encoders).toEqual([]);
  });

  it('takes the files of a source that encodes itself', async () => {
    const { units } = await join('video=h264');
    await expect.poll(() => source.feed).toBeDefined();
    const turbo = await loadJpegTurbo();
    const out = Buffer.alloc(turbo.outputBytes(320, 240));
    let seq = 0;
    for (const [red, green, blue] of [RED, GREEN]) {
      const before = units.length;
      const pixels = Buffer.alloc(320 * 240 * 4).fill(Buffer.from([blue, green, red, 255]));
      const data = await turbo.encode(pixels, 320, 240, 90, out);
      const frame = { format: 'jpeg', width: 320, height: 240, data, dirty: null } as const;
      source.feed?.onFrame?.({ ...frame, seq: seq++, grabBeginMs: 0, grabEndMs: 0 });
      await expect.poll(() => units.length).toBeGreaterThan(before);
    }
    const got = [...units];
    const shown = await middles(Buffer.concat(got), 320, 240);
    expect(shown).toHaveLength(got.length);
    expect(isNear(shown[0], RED)).toBe(true);
    expect(isNear(shown.at(-1), GREEN)).toBe(true);
    show(BLUE);
    await expect
      .poll(() => units.findLastIndex((unit) => nalTypes(unit).includes(SPS)))
      .toBeGreaterThan(0);
    const last = units.findLast((unit) => nalTypes(unit).includes(SPS)) ?? Buffer.alloc(0);
    expect(isNear((await middles(last, 320, 240))[0], BLUE)).toBe(true);
  });

  it('is shown by a browser, in the right colours', async () => {
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage();
      const { port } = http.address() as AddressInfo;
      await page.goto(`http://127.0.0.1:${port}/`);
      const colour: Colour = [230, 120, 40];
      const seen = page.evaluate(decodeFirst, `ws://127.0.0.1:${port}/?video=h264`);
      await expect.poll(() => source.feed).toBeDefined();
      show(colour, 1280, 720);
      const got = await seen;
      expect(got.size).toEqual([1280, 720]);
      expect(isNear(got.middle, colour), String(got.middle)).toBe(true);
    } finally {
      await browser.close();
    }
  });

  it('follows odd sizes, a new bitrate, and an encoder that dies', async () => {
    const { units } = await join('video=h264');
    await expect.poll(() => source.feed).toBeDefined();
    /** Resolves when the newest key frame shows this. */
    const untilShown = async (colour: Colour, width: number, height: number) => {
      const newest = async () => {
        const unit = units.findLast((each) => nalTypes(each).includes(SPS)) ?? Buffer.alloc(0);
        return isNear((await middles(unit, width, height))[0], colour);
      };
      await expect.poll(newest).toBe(true);
    };
    show(RED);
    await untilShown(RED, 320, 240);
    show(GREEN, 321, 241);
    await untilShown(GREEN, 322, 242);
    streamer.setParams({ h264_bitrate: 300, h264_gop: 1 });
    await expect.poll(() => streamer.state.value.applied.h264_bitrate).toBe(300);
    for (const colour of [BLUE, RED]) {
      show(colour, 321, 241);
      // With a GOP of 1 each is one.
      await untilShown(colour, 322, 242);
    }
    const [pid = 0] = encoders();
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => video.h264.online).toBe(false);
    show(GREEN, 321, 241);
    await untilShown(GREEN, 322, 242);
    expect(encoders()).not.toContain(pid);
  });

  it('gets sharp when the picture stays, though motion has used up a low bitrate', async () => {
    const [width, height] = [640, 480];
    streamer.setParams({ h264_bitrate: 300 });
    await expect.poll(() => streamer.state.value.applied.h264_bitrate).toBe(300);
    const { units } = await join('video=h264');
    await expect.poll(() => source.feed).toBeDefined();
    const data = Buffer.alloc(width * height * 4);
    for (let count = 0; count < 40; count += 1) {
      const before = units.length;
      source.feed?.push({ width, height, data: randomFillSync(data) });
      await expect.poll(() => units.length, { interval: 5 }).toBeGreaterThan(before);
    }
    const before = units.length;
    show(BLUE, width, height);
    await expect.poll(() => units.length).toBe(before + 1 + 12);
    const shown = await middles(Buffer.concat(units), width, height);
    expect(isNear(shown.at(-1), BLUE), String(shown.at(-1))).toBe(true);
  });

  it('leaves out pictures for a client that does not read, and for nobody else', async () => {
    const [width, height] = [640, 480];
    streamer.setParams({ h264_bitrate: 20_000 });
    await expect.poll(() => streamer.state.value.applied.h264_bitrate).toBe(20_000);
    const quick = await join('video=h264');
    const slow = await join('video=h264');
    await expect.poll(() => source.feed).toBeDefined();
    show(RED, width, height);
    await expect.poll(() => slow.units.length).toBeGreaterThan(0);
    slow.socket.pause();
    const [, stalled] = [...server.clients];
    if (!stalled) throw new Error('no second client');
    const data = Buffer.alloc(width * height * 4);
    let largest = 0;
    for (let more = 20; more > 0; ) {
      const before = quick.units.length;
      source.feed?.push({ width, height, data: randomFillSync(data) });
      await expect.poll(() => quick.units.length, { interval: 5 }).toBeGreaterThan(before);
      largest = Math.max(largest, stalled.bufferedAmount);
      if (stalled.bufferedAmount > 512 * 1024) more -= 1;
    }
    const biggestUnit = Math.max(...quick.units.map((unit) => unit.length));
    expect(largest).toBeLessThan(512 * 1024 + biggestUnit + 1024);
    slow.socket.resume();
    show(BLUE, width, height);
    await expect.poll(() => stalled.bufferedAmount).toBe(0);
    const lastKey = () => slow.units.findLastIndex((unit) => nalTypes(unit).includes(IDR));
    await expect.poll(lastKey).toBeGreaterThan(0);
    const got = [...slow.units];
    expect(got.length).toBeLessThan(quick.units.length);
    // Nothing refers to what was left out.
    const shown = await middles(Buffer.concat(got), width, height);
    expect(shown).toHaveLength(got.length);
    expect(isNear(shown.at(-1), BLUE)).toBe(true);
  });
});
