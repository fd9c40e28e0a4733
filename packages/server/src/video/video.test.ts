import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeVideoSource } from '../../test/fakes/fake-video-source.ts';
import { silentLog } from '../core/log.ts';
import { Streamer } from '../core/streamer.ts';
import { loadJpegTurbo } from './jpeg-turbo.ts';
import { previewSize } from './preview.ts';
import { Video } from './video.ts';

const ONLINE = { online: true, width: 640, height: 400 } as const;

describe('video hub', () => {
  let source: FakeVideoSource;
  let streamer: Streamer;
  let video: Video;

  beforeEach(() => {
    source = new FakeVideoSource(ONLINE);
    streamer = new Streamer({ source, log: silentLog, desiredFps: 0, shutdownDelayMs: 0 });
    video = new Video(streamer, silentLog);
  });
  afterEach(async () => {
    video.close();
    await streamer.close();
  });

  async function average(jpeg: Buffer) {
    const { data, width, height } = await (await loadJpegTurbo()).decode(jpeg);
    return { width, height, pixel: [data[2], data[1], data[0]] };
  }

  it('has no snapshot while the streamer is stopped', async () => {
    await expect(video.snapshot({ allowOffline: true })).rejects.toThrow('Service Unavailable');
    await expect(video.snapshot({ load: true })).rejects.toThrow('Service Unavailable');
  });

  it('waits for a fresh picture', async () => {
    const release = streamer.acquire();
    source.feed?.pushFilled(640, 400, [200, 0, 0]);
    const taking = video.snapshot();
    expect(source.feed?.watched).toBe(true);
    source.feed?.pushFilled(640, 400, [0, 0, 200]);
    const { jpeg, width, height, online } = await taking;
    expect({ width, height, online }).toEqual({ width: 640, height: 400, online: true });
    const [red, , blue] = (await average(jpeg)).pixel;
    expect(red).toBeLessThan(20);
    expect(blue).toBeGreaterThan(180);
    expect(source.feed?.watched).toBe(false);
    release();
  });

  it('does not take the picture of earlier viewers for that of a new one', async () => {
    const leave = video.watch();
    source.feed?.pushFilled(640, 400, [200, 0, 0]);
    const release = streamer.acquire();
    leave();
    const leaveAgain = video.watch();
    const taking = video.snapshot();
    source.feed?.pushFilled(640, 400, [0, 0, 200]);
    const [red, , blue] = (await average((await taking).jpeg)).pixel;
    expect(red).toBeLessThan(20);
    expect(blue).toBeGreaterThan(180);
    leaveAgain();
    release();
  });

  it('keeps a picture, makes previews of it, and forgets it', async () => {
    const release = streamer.acquire();
    const taking = video.snapshot({ save: true });
    source.feed?.pushFilled(640, 400, [0, 200, 0]);
    const { jpeg } = await taking;
    expect(streamer.state.value.snapshot.saved).toEqual({ online: true, width: 640, height: 400 });
    const kept = await video.snapshot({ load: true, preview: true });
    expect(kept.headers['X-UStreamer-Width']).toBe('640');
    const preview = await average(kept.jpeg);
    expect([preview.width, preview.height]).toEqual([128, 80]);
    expect(preview.pixel[1]).toBeGreaterThan(180);
    expect((await video.snapshot({ load: true })).jpeg.equals(jpeg)).toBe(true);
    video.removeSnapshot();
    expect(streamer.state.value.snapshot.saved).toBeNull();
    await expect(video.snapshot({ load: true })).rejects.toThrow('Service Unavailable');
    release();
  });

  it('draws why there is no signal, and gives it only when that is wanted', async () => {
    const release = streamer.acquire();
    source.feed?.signal.set({ online: false, reason: 'The machine is off.' });
    await expect(video.snapshot()).rejects.toThrow('Service Unavailable');
    const first = await video.snapshot({ allowOffline: true });
    expect([first.width, first.height, first.online]).toEqual([640, 480, false]);
    source.feed?.signal.set({ online: false, reason: 'The cable is out.' });
    const second = await video.snapshot({ allowOffline: true });
    expect(second.jpeg.equals(first.jpeg)).toBe(false);
    expect(video.state().source).toMatchObject({ online: false, reason: 'The cable is out.' });
    release();
  });

  it('encodes once for all, and nothing when nobody wants it', async () => {
    const stop = video.watch();
    source.feed?.pushFilled(640, 400, [1, 2, 3]);
    expect(video.pictures.latest).toBeUndefined();
    const seen: Buffer[][] = [[], []];
    const leaves = seen.map((list) =>
      video.pictures.subscribe((picture) => list.push(picture.jpeg)),
    );
    await expect.poll(() => seen[1]?.length).toBe(1);
    expect(seen[0]?.[0]).toBe(seen[1]?.[0]);
    for (const leave of leaves) leave();
    stop();
  });

  it('gives tiles: all at first, then what changed, and keeps it for a busy viewer', async () => {
    const stop = video.watch();
    const data = new Uint8Array(640 * 400 * 4);
    source.feed?.push({ width: 640, height: 400, data });
    const messages: Buffer[] = [];
    let ready = true;
    const seat = video.tiles.join({
      ready: () => ready,
      send: (message) => messages.push(message),
    });
    await expect.poll(() => messages.length).toBe(1);
    const head = (message: Buffer | undefined) =>
      message && [message[1], message.readUInt16BE(6), message.readUInt16BE(8)];
    const rects = (message: Buffer) => {
      const list: number[][] = [];
      for (let at = 20; at < message.length; at += 12 + message.readUInt32BE(at + 8)) {
        list.push([0, 2, 4, 6].map((offset) => message.readUInt16BE(at + offset)));
        expect(message.readUInt16BE(at + 12)).toBe(0xffd8);
      }
      expect(list).toHaveLength(message.readUInt16BE(18));
      return list;
    };
    expect(head(messages[0])).toEqual([1, 640, 400]);
    ready = false;
    for (const x of [0, 320]) {
      source.feed?.push({
        width: 640,
        height: 400,
        data,
        dirty: [{ x, y: 390, width: 8, height: 5 }],
      });
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(messages).toHaveLength(1);
    ready = true;
    seat.resume();
    await expect.poll(() => messages.length).toBe(2);
    expect(head(messages[1])).toEqual([0, 640, 400]);
    expect(rects(messages[1] ?? Buffer.alloc(0))).toEqual([
      [0, 384, 16, 16],
      [320, 384, 16, 16],
    ]);
    seat.refresh();
    await expect.poll(() => messages.length).toBe(3);
    expect(head(messages[2])).toEqual([1, 640, 400]);
    seat.leave();
    stop();
  });
});

describe('preview size', () => {
  it.each([
    [0, 0, 256, 144],
    [640, 0, 640, 360],
    [0, 72, 128, 72],
    [5000, 5000, 1280, 720],
    [1, 1, 1, 1],
  ])('fits %i x %i', (maxWidth, maxHeight, width, height) => {
    expect(previewSize(1280, 720, { maxWidth, maxHeight, quality: 80 })).toEqual({ width, height });
  });
});
