import { performance } from 'node:perf_hooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Log, silentLog } from '../core/log.ts';
import { StateCell, until } from '../core/state.ts';
import { H264 } from './h264.ts';
import { ffmpegEncoder, h264Arguments } from './h264-ffmpeg.ts';
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
