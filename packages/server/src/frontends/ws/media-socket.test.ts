import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { FakeVideoSource } from '../../../test/fakes/fake-video-source.ts';
import { silentLog } from '../../core/log.ts';
import { Streamer } from '../../core/streamer.ts';
import { Video } from '../../video/video.ts';
import { type MediaFormat, serveMediaSocket } from './media-socket.ts';

describe('media socket', () => {
  let source: FakeVideoSource;
  let streamer: Streamer;
  let video: Video;
  let server: WebSocketServer;
  let ended: AbortController;

  beforeEach(async () => {
    source = new FakeVideoSource();
    streamer = new Streamer({ source, log: silentLog, desiredFps: 0 });
    video = new Video(streamer, silentLog);
    ended = new AbortController();
    server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    server.on('connection', (socket, request) => {
      const mode = new URL(request.url ?? '', 'http://localhost').searchParams.get('video');
      serveMediaSocket(socket, video, (mode as MediaFormat | null) ?? undefined, ended.signal);
    });
    await new Promise((resolve) => server.once('listening', resolve));
  });

  afterEach(async () => {
    ended.abort();
    for (const client of server.clients) client.terminate();
    server.close();
    video.close();
    await streamer.close();
  });

  /** A client and what it has received: hex heads of binary messages, texts as they are. */
  async function join(query = '') {
    const { port } = server.address() as AddressInfo;
    const socket = new WebSocket(`ws://127.0.0.1:${port}/?${query}`);
    const received: string[] = [];
    socket.on('message', (data: Buffer, isBinary) => {
      received.push(isBinary ? data.subarray(0, 5).toString('hex') : data.toString());
    });
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    await new Promise((resolve) => socket.once('open', resolve));
    return { socket, received, closed };
  }
  const start = (format: string) =>
    JSON.stringify({ event_type: 'start', event: { type: 'video', format } });

  it('tells the formats, then sends JPEG with its prefix', async () => {
    const { socket, received } = await join();
    await expect.poll(() => received.length).toBe(1);
    expect(JSON.parse(received[0] ?? '')).toEqual({
      event_type: 'media',
      event: { video: { jpeg: {}, tiles: {} } },
    });
    expect(streamer.feed.value).toBeUndefined();
    socket.send(start('jpeg'));
    await expect.poll(() => received[1]).toBe('0100ffd8ff');
    expect(video.state().sinks?.jpeg?.has_clients).toBe(true);
    source.feed?.pushFilled(64, 64, [1, 2, 3]);
    await expect.poll(() => received[2]).toBe('0100ffd8ff');
    socket.send(Buffer.from([0]));
    await expect.poll(() => received[3]).toBe('ff');
    socket.send(Buffer.from([1]));
    await expect.poll(() => received[4]).toBe('0100ffd8ff');
  });

  it('sends bare JPEG in the pure mode, and answers no ping there', async () => {
    const { socket, received } = await join('video=jpeg');
    await expect.poll(() => received.length).toBe(1);
    socket.send(Buffer.from([0]));
    source.feed?.pushFilled(64, 64, [1, 2, 3]);
    await expect.poll(() => received.length).toBe(2);
    expect(received.every((head) => head.startsWith('ffd8ff'))).toBe(true);
  });

  it('sends tiles: a key message first, and again when asked', async () => {
    const { socket, received } = await join('video=tiles');
    await expect.poll(() => received[0]?.slice(0, 4)).toBe('0101');
    const data = new Uint8Array(64 * 64 * 4);
    source.feed?.push({ width: 64, height: 64, data });
    await expect.poll(() => received[1]?.slice(0, 4)).toBe('0101');
    data.fill(255, 0, 4);
    source.feed?.push({
      width: 64,
      height: 64,
      data,
      dirty: [{ x: 0, y: 0, width: 1, height: 1 }],
    });
    await expect.poll(() => received[2]?.slice(0, 4)).toBe('0100');
    socket.send(Buffer.from([1]));
    await expect.poll(() => received[3]?.slice(0, 4)).toBe('0101');
  });

  it('ignores H.264 and junk, but closes on a flood', async () => {
    const { socket, received, closed } = await join();
    await expect.poll(() => received.length).toBe(1);
    socket.send(start('h264'));
    socket.send('{"event_type": "start", "event": null}');
    socket.send('[');
    socket.send(Buffer.alloc(0));
    socket.send(Buffer.from([0]));
    await expect.poll(() => received[1]).toBe('ff');
    for (let count = 0; count < 300; count += 1) socket.send('junk');
    expect(await closed).toBe(1008);
  });

  it('stops looking when the client leaves, and closes at once when the session ends', async () => {
    const first = await join('video=jpeg');
    await expect.poll(() => source.feed?.watched).toBe(true);
    first.socket.close();
    await expect.poll(() => source.feed?.watched).toBe(false);
    const second = await join('video=tiles');
    ended.abort();
    expect(source.feed?.watched).toBe(false);
    expect(await second.closed).toBe(1008);
  });
});
