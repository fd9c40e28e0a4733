import { performance } from 'node:perf_hooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Log, silentLog } from '../core/log.ts';
import { StateCell, until } from '../core/state.ts';
import { H264 } from './h264.ts';
import type { H264Encoder, H264Listener, H264Settings } from './h264-encoder.ts';
import { ffmpegEncoder, h264Arguments } from './h264-ffmpeg.ts';
import { loadJpegTurbo } from './jpeg-turbo.ts';
import { Screen } from './screen.ts';

const PARAMS = { bitrate: 1000, gop: 0, desiredFps: 0 };
const NOBODY = { ready: () => true, send: () => {} };

describe('an encoder that fails', () => {
  const failures = new StateCell<readonly unknown[]>([]);
  let h264: H264;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    failures.set([]);
    const log: Log = {
      ...silentLog,
      error: (fields) => {
        failures.set([...failures.value, (fields as { retryMs?: number }).retryMs]);
      },
    };
    const screen = new Screen();
    const data = Buffer.alloc(32 * 32 * 4);
    screen.show({ data, width: 32, height: 32 }, performance.now());
    h264 = new H264(screen, () => PARAMS, log, ffmpegEncoder('/bin/false'));
    h264.changed();
  });
  afterEach(() => {
    h264.close();
    vi.useRealTimers();
  });

  it('is started anew after longer and longer pauses, while somebody watches', async () => {
    const seat = h264.join(NOBODY);
    await until(failures, ({ length }) => length === 1);
    expect(h264.online).toBe(false);
    h264.changed();
    await vi.advanceTimersByTimeAsync(999);
    expect(failures.value).toEqual([1000]);
    await vi.advanceTimersByTimeAsync(1);
    await until(failures, ({ length }) => length === 2);
    await vi.advanceTimersByTimeAsync(2000);
    await until(failures, ({ length }) => length === 3);
    expect(failures.value).toEqual([1000, 2000, 4000]);
    seat.leave();
    expect(h264.watched).toBe(false);
    await vi.advanceTimersByTimeAsync(4000);
    expect(h264.online).toBe(false);
  });
});

/** An encoder that answers when it is told to. */
class SlowEncoder implements H264Encoder {
  readonly taken: Buffer[] = [];
  readonly settings: H264Settings;
  readonly #listener: H264Listener;

  constructor(settings: H264Settings, listener: H264Listener) {
    this.settings = settings;
    this.#listener = listener;
  }

  async encode(data: Buffer): Promise<void> {
    this.taken.push(Buffer.from(data));
  }

  answer(): void {
    this.#listener.onUnit({ key: true, data: Buffer.alloc(8) });
  }

  close(): void {}
}

describe('an encoder that is slow', () => {
  const size = { width: 32, height: 32 };
  let screen: Screen;
  let encoders: SlowEncoder[];
  let h264: H264;

  const show = async (value: number) => {
    screen.show({ data: Buffer.alloc(32 * 32 * 4, value), ...size }, performance.now());
    h264.changed();
    await new Promise(setImmediate);
  };
  const taken = () => encoders.map((each) => each.taken.map((data) => data[0]));

  beforeEach(() => {
    encoders = [];
    screen = new Screen();
    h264 = new H264(
      screen,
      () => PARAMS,
      silentLog,
      (settings, listener) => {
        const encoder = new SlowEncoder(settings, listener);
        encoders.push(encoder);
        return encoder;
      },
    );
    h264.join(NOBODY);
  });
  afterEach(() => h264.close());

  it('has two pictures at most, and then gets the newest', async () => {
    for (const value of [1, 2, 3, 4, 5]) await show(value);
    expect(taken()).toEqual([[1, 2]]);
    encoders[0]?.answer();
    await expect.poll(taken).toEqual([[1, 2, 5]]);
  });

  it('is given another one though one makes nothing', async () => {
    await show(1);
    encoders[0]?.answer();
    for (const value of [2, 3, 4]) await show(value);
    expect(taken()).toEqual([[1, 2, 3]]);
    await expect.poll(taken).toEqual([[1, 2, 3, 4]]);
  });

  it('goes on with a file of the picture that says why there is none', async () => {
    const turbo = await loadJpegTurbo();
    const pixels = Buffer.alloc(32 * 32 * 4, 200);
    const jpeg = await turbo.encode(pixels, 32, 32, 90, Buffer.alloc(turbo.outputBytes(32, 32)));
    const times = { grabBeginMs: 0, grabEndMs: 0, encodeBeginMs: 0, encodeEndMs: 0 };
    h264.passThrough({ seq: 1, jpeg: Buffer.from(jpeg), ...size, online: true, ...times });
    await expect.poll(() => taken().map(({ length }) => length)).toEqual([1]);
    await show(7);
    await expect.poll(() => taken().map(({ length }) => length)).toEqual([2]);
    const { data } = await turbo.decode(encoders[0]?.taken[1] ?? Buffer.alloc(0));
    expect(data[0]).toBeLessThan(20);
  });
});

it('tells FFmpeg what the parameters say', () => {
  const settings = {
    format: 'bgrx',
    width: 640,
    height: 480,
    bitrate: 2001,
    gop: 30,
    fps: 15,
  } as const;
  const text = h264Arguments(settings).join(' ');
  expect(text).toContain('-maxrate 2001k -bufsize 1001k -g 30 ');
  expect(text).toContain('-r 15 ');
  expect(h264Arguments({ ...settings, gop: 0 }).join(' ')).toContain('-g 1000000000 ');
});
