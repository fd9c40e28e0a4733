import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
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
    const later = await video.snapshot();
    expect(streamer.state.value.snapshot.saved).toBeNull();
    later.keep();
    expect((await video.snapshot({ load: true })).jpeg.equals(later.jpeg)).toBe(true);
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

  it('keeps no picture of the past for who watches', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const stop = video.watch();
    const turbo = await loadJpegTurbo();
    const push = async (shade: number) => {
      const out = Buffer.alloc(turbo.outputBytes(64, 64));
      const pixels = Buffer.alloc(64 * 64 * 4, shade);
      source.feed?.pushJpeg(64, 64, Buffer.from(await turbo.encode(pixels, 64, 64, 80, out)));
    };
    await push(1);
    let shown = 0;
    let first: WeakRef<Buffer> | undefined;
    const leave = video.pictures.subscribe(({ jpeg }) => {
      shown += 1;
      first ??= new WeakRef(jpeg);
    });
    await expect.poll(() => shown).toBe(1);
    await push(2);
    expect(shown).toBe(2);
    await expect
      .poll(() => {
        collect();
        return first?.deref();
      })
      .toBeUndefined();
    leave();
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
      data.fill(255, 4 * (640 * 390 + x), 4 * (640 * 390 + x + 8));
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

describe('a low quality', () => {
  const picture = (width: number, height: number, step: number) => {
    const data = new Uint8Array(width * height * 4);
    for (let at = 0; at < data.length; at += 1) data[at] = (at * step * 2654435761) >>> 24;
    return { width, height, data };
  };

  it('is made up for once, when the picture stays, of that what has changed', async () => {
    const source = new FakeVideoSource(ONLINE);
    const streamer = new Streamer({ source, log: silentLog, desiredFps: 0, quality: 20 });
    const video = new Video(streamer, silentLog);
    const leave = video.watch();
    const pictures: number[] = [];
    const stop = video.pictures.subscribe(({ jpeg }) => pictures.push(jpeg.length));
    const tiles: Buffer[] = [];
    const seat = video.tiles.join({ ready: () => true, send: (tile) => tiles.push(tile) });
    const shown = picture(320, 208, 7);
    source.feed?.push(shown);
    await expect.poll(() => [pictures.length, tiles.length], { timeout: 5000 }).toEqual([2, 2]);
    const [coarse = 0, fine = 0] = pictures;
    expect(fine).toBeGreaterThan(2 * coarse);
    expect(tiles.map((tile) => tile[1])).toEqual([1, 1]);
    shown.data.fill(255, 0, 4 * 320 * 16);
    for (let at = 0; at < 4 * 320 * 16; at += 7) shown.data[at] = at;
    source.feed?.push({ ...shown, dirty: [{ x: 0, y: 0, width: 320, height: 16 }] });
    await expect.poll(() => [pictures.length, tiles.length], { timeout: 5000 }).toEqual([4, 4]);
    expect(tiles.map((tile) => tile[1])).toEqual([1, 1, 0, 0]);
    const [, , changed = Buffer.alloc(0), again = Buffer.alloc(0)] = tiles;
    expect(again.subarray(18, 28)).toEqual(changed.subarray(18, 28));
    expect(again.length).toBeGreaterThan(changed.length);
    seat.leave();
    stop();
    leave();
    video.close();
    await streamer.close();
  });
});

describe('a source of complete files', () => {
  it('gives them as they are to everyone, and its own words in the state', async () => {
    const source = new FakeVideoSource(ONLINE);
    const streamer = new Streamer({ source, log: silentLog, desiredFps: 0 });
    const video = new Video(streamer, silentLog);
    const stop = video.watch();
    const files = await Promise.all([0, 200].map((red) => jpegOf(640, 400, red)));
    const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = files;
    source.feed?.pushJpeg(640, 400, first);
    const messages: Buffer[] = [];
    const seat = video.tiles.join({
      ready: () => true,
      send: (message) => messages.push(message),
    });
    await expect.poll(() => messages.length).toBe(1);
    source.feed?.pushJpeg(640, 400, first);
    source.feed?.pushJpeg(640, 400, second);
    await expect.poll(() => messages.length).toBe(2);
    expect(messages.map((message) => message[1])).toEqual([1, 1]);
    expect(messages.map((message) => message.subarray(32))).toEqual([first, second]);
    expect((await video.snapshot()).jpeg.equals(second)).toBe(true);
    // Why there is none any more is drawn, and takes the place of the file.
    source.feed?.signal.set({ online: false, reason: 'The cable is out.' });
    await expect.poll(() => messages.length).toBe(3);
    expect(messages[2]?.readUInt16BE(6)).toBe(640);
    expect(messages[2]?.readUInt16BE(8)).toBe(480);
    await expect(video.snapshot()).rejects.toThrow('Service Unavailable');
    source.feed?.pushJpeg(640, 400, first);
    await expect.poll(() => messages.length).toBe(4);
    seat.leave();
    stop();
    video.close();
    await streamer.close();
  });

  async function jpegOf(width: number, height: number, red: number): Promise<Buffer> {
    const turbo = await loadJpegTurbo();
    const pixels = Buffer.alloc(width * height * 4, Buffer.from([0, 0, red, 255]));
    const out = Buffer.alloc(turbo.outputBytes(width, height));
    return Buffer.from(await turbo.encode(pixels, width, height, 80, out));
  }
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
