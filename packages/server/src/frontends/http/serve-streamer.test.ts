import { randomFillSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeVideoSource } from '../../../test/fakes/fake-video-source.ts';
import { silentLog } from '../../core/log.ts';
import { Streamer } from '../../core/streamer.ts';
import { Video } from '../../video/video.ts';
import { serveStreamer } from './serve-streamer.ts';

const PART_HEADERS = ['Content-Type', 'Content-Length', 'X-Timestamp'];
const EXTRA_HEADERS = [
  'X-UStreamer-Online',
  'X-UStreamer-Dropped',
  'X-UStreamer-Width',
  'X-UStreamer-Height',
  'X-UStreamer-Client-FPS',
  'X-UStreamer-Grab-Begin-Time',
  'X-UStreamer-Grab-End-Time',
  'X-UStreamer-Encode-Begin-Time',
  'X-UStreamer-Encode-End-Time',
  'X-UStreamer-Expose-Begin-Time',
  'X-UStreamer-Expose-Cmp-Time',
  'X-UStreamer-Expose-End-Time',
  'X-UStreamer-Send-Time',
  'X-UStreamer-Latency',
];

/** Reads a raw answer up to marks. */
class Reader {
  readonly socket: Socket;
  #data = Buffer.alloc(0);
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#data = Buffer.concat([this.#data, chunk]);
      this.#wake();
    });
    socket.on('error', () => {});
  }

  async bytes(count: number): Promise<Buffer> {
    while (this.#data.length < count) await this.#more();
    const taken = this.#data.subarray(0, count);
    this.#data = this.#data.subarray(count);
    return taken;
  }

  async until(mark: string): Promise<string> {
    while (!this.#data.includes(mark)) await this.#more();
    const taken = await this.bytes(this.#data.indexOf(mark) + mark.length);
    return taken.toString('latin1');
  }

  /** A part with its length told. */
  async part() {
    const head = await this.until('\r\n\r\n');
    const names = head
      .trimEnd()
      .split('\r\n')
      .map((line) => line.split(':')[0]);
    const length = Number(/Content-Length: (\d+)/.exec(head)?.[1]);
    const jpeg = await this.bytes(length);
    expect(await this.until('\r\n--boundarydonotcross\r\n')).toBe('\r\n--boundarydonotcross\r\n');
    return { head, names, jpeg };
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

describe('/streamer', () => {
  let source: FakeVideoSource;
  let streamer: Streamer;
  let video: Video;
  let server: Server;
  let ended: AbortController;
  let port: number;

  beforeEach(async () => {
    source = new FakeVideoSource();
    streamer = new Streamer({ source, log: silentLog, desiredFps: 0 });
    video = new Video(streamer, silentLog);
    ended = new AbortController();
    server = createServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://localhost');
      serveStreamer(request, response, url, video, ended.signal);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });

  afterEach(async () => {
    ended.abort();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    video.close();
    await streamer.close();
  });

  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);

  async function stream(query = '') {
    const socket = connect(port, '127.0.0.1');
    socket.write(`GET /streamer/stream?${query} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const reader = new Reader(socket);
    const head = await reader.until('--boundarydonotcross\r\n');
    return { reader, head, socket };
  }

  it('answers the stream as µStreamer does, with the no-signal picture at first', async () => {
    const { reader, head } = await stream('key=ab%0D%0Ac&extra_headers=1');
    expect(head.split('\r\n')[0]).toBe('HTTP/1.0 200 OK');
    expect(head).toMatch(/^Set-Cookie: stream_client=abc\/[0-9a-f]{16}; path=\/; max-age=30\r$/m);
    expect(head).toContain('Content-Type: multipart/x-mixed-replace;boundary=boundarydonotcross');
    const first = await reader.part();
    expect(first.names).toEqual([...PART_HEADERS, ...EXTRA_HEADERS]);
    expect(first.head).toMatch(
      /X-UStreamer-Online: false\r\n[\s\S]*Width: 640\r\n[\s\S]*Height: 480/,
    );
    expect(first.jpeg.subarray(0, 3).toString('hex')).toBe('ffd8ff');
    source.feed?.pushFilled(320, 200, [255, 0, 0]);
    const second = await reader.part();
    expect(second.head).toMatch(
      /X-UStreamer-Online: true\r\n[\s\S]*Width: 320\r\n[\s\S]*Height: 200/,
    );
    const { stream: stat, source: state } = video.state();
    expect(stat.clients).toBe(1);
    expect(Object.values(stat.clients_stat)[0]).toMatchObject({ key: 'abc', extra_headers: true });
    expect(state).toMatchObject({ online: true, resolution: { width: 320, height: 200 } });
  });

  it('sends the next headers ahead without a length', async () => {
    const { reader } = await stream('advance_headers=1');
    const head = await reader.until('\r\n\r\n');
    expect(
      head
        .trimEnd()
        .split('\r\n')
        .map((line) => line.split(':')[0]),
    ).toEqual(['Content-Type', 'X-Timestamp']);
    const part = await reader.until('\r\n--boundarydonotcross\r\n');
    expect(part.startsWith('\xff\xd8\xff')).toBe(true);
    expect(await reader.until('\r\n\r\n')).toMatch(/^Content-Type: image\/jpeg\r\nX-Timestamp: \d/);
  });

  it('sends no bytes of pictures with zero_data, and a final frame twice when asked', async () => {
    const { reader } = await stream('zero_data=1&dual_final_frames=1');
    const begin = performance.now();
    expect((await reader.part()).head).toContain('Content-Length: 0');
    await reader.part();
    expect(performance.now() - begin).toBeLessThan(900);
    // The one after is the repetition of a second without news.
    await reader.part();
    expect(performance.now() - begin).toBeGreaterThan(900);
  });

  it('sends the newest picture at the rate that a client allows, and others all', async () => {
    const slow = await stream('max_fps=1&extra_headers=1');
    const quick = await stream('max_fps=junk');
    await slow.reader.part();
    await quick.reader.part();
    const begin = performance.now();
    for (const green of [40, 80, 120, 160]) {
      source.feed?.pushFilled(320, 200, [0, green, 0]);
      await quick.reader.part();
    }
    source.feed?.pushFilled(160, 100, [0, 0, 200]);
    await quick.reader.part();
    const { head } = await slow.reader.part();
    expect(head).toMatch(/Dropped: 0\r\n[\s\S]*Width: 160\r\n/);
    expect(performance.now() - begin).toBeGreaterThan(700);
  });

  it('sends nothing new of a screen that is told again as it is', async () => {
    const seen: number[] = [];
    const { reader } = await stream();
    const leave = video.pictures.subscribe(({ width }) => seen.push(width));
    await reader.part();
    const [width, height] = [320, 200];
    const data = new Uint8Array(width * height * 4).fill(90);
    const right = { x: 300, y: 0, width: 20, height };
    source.feed?.push({ width, height, data });
    await reader.part();
    for (const dirty of [undefined, [right], []]) {
      source.feed?.push({ width, height, data, ...(dirty ? { dirty } : {}) });
    }
    await reader.part();
    expect(seen).toEqual([640, 320]);
    data.fill(200, 4 * (width - 1), 4 * width);
    source.feed?.push({ width, height, data, dirty: [right] });
    await reader.part();
    expect(seen).toEqual([640, 320, 320]);
    leave();
  });

  it('starts the streamer for a client, and closes at once when its session ends', async () => {
    expect(streamer.feed.value).toBeUndefined();
    const { socket } = await stream();
    expect(source.feed?.watched).toBe(true);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    ended.abort();
    await closed;
    await expect.poll(() => video.state().stream.clients).toBe(0);
    expect(source.feed?.watched).toBe(false);
  });

  it('keeps the newest picture for a client that stalls', async () => {
    const { reader, socket } = await stream('extra_headers=1');
    await reader.part();
    socket.pause();
    const noise = new Uint8Array(1024 * 768 * 4);
    const pictures: number[] = [];
    const leave = video.pictures.subscribe((picture) => pictures.push(picture.seq));
    for (let count = 0; count < 60; count += 1) {
      for (let at = 0; at < noise.length; at += 1)
        noise[at] = (at * (count + 7) * 2654435761) >>> 24;
      const seen = pictures.length;
      source.feed?.push({ width: 1024, height: 768, data: noise });
      await expect.poll(() => pictures.length, { interval: 2 }).toBeGreaterThan(seen);
    }
    leave();
    source.feed?.pushFilled(320, 200, [0, 0, 255]);
    socket.resume();
    let part = await reader.part();
    for (; !part.head.includes('Width: 320'); part = await reader.part());
    expect(Number(/Dropped: (\d+)/.exec(part.head)?.[1])).toBeGreaterThan(20);
  });

  it('lets go a client that has taken no picture for a minute', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { reader, socket } = await stream();
      await reader.part();
      socket.pause();
      const noise = Buffer.alloc(1024 * 768 * 4);
      const pictures: number[] = [];
      const leave = video.pictures.subscribe(({ seq }) => pictures.push(seq));
      for (let count = 0; count < 60; count += 1) {
        const seen = pictures.length;
        source.feed?.push({ width: 1024, height: 768, data: randomFillSync(noise) });
        await vi.waitUntil(() => pictures.length > seen, { timeout: 10_000, interval: 2 });
      }
      leave();
      expect(video.state().stream.clients).toBe(1);
      await vi.advanceTimersByTimeAsync(60_000);
      await vi.waitUntil(() => video.state().stream.clients === 0, { timeout: 10_000 });
    } finally {
      vi.useRealTimers();
    }
  });

  it('answers state, snapshot, page and the rest', async () => {
    const idle = await (await get('/streamer/state')).json();
    expect(idle).toMatchObject({ ok: true, result: { source: { online: false } } });
    const snapshot = await get('/streamer/snapshot');
    expect(snapshot.status).toBe(200);
    expect(snapshot.headers.get('x-ustreamer-online')).toBe('false');
    expect(snapshot.headers.get('content-type')).toBe('image/jpeg');
    for (const name of ['grab-begin', 'grab-end', 'encode-begin', 'encode-end', 'send']) {
      expect(snapshot.headers.get(`x-ustreamer-${name}-timestamp`)).toMatch(/^\d+\.\d{6}$/);
    }
    expect((await get('/streamer')).headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect((await get('/streamer/favicon.ico')).headers.get('content-type')).toBe('image/x-icon');
    const missing = await get('/streamer/zzz');
    expect([missing.status, missing.headers.get('content-type')]).toEqual([404, 'text/html']);
  });
});
