import type { UstreamerState } from '@crashcart/api';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeVideoSource } from '../../test/fakes/fake-video-source.ts';
import { silentLog } from './log.ts';
import { Streamer, type StreamerOptions } from './streamer.ts';

const RUNNING: UstreamerState = {
  instance_id: '',
  encoder: { type: 'CPU', quality: 80 },
  source: { resolution: { width: 1, height: 1 }, online: true, desired_fps: 30, captured_fps: 0 },
  stream: { queued_fps: 0, clients: 0, clients_stat: {} },
};

function make(options: Partial<StreamerOptions> = {}) {
  const source = new FakeVideoSource();
  const streamer = new Streamer({ source, log: silentLog, resetDelayMs: 1, ...options });
  streamer.setMeter(() => RUNNING);
  return { source, streamer };
}

describe('streamer', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('has the state of a stopped one', () => {
    expect(make({ maxFps: 40 }).streamer.state.value).toEqual({
      features: { quality: true, resolution: false, h264: false },
      limits: { desired_fps: { min: 0, max: 40 } },
      params: { desired_fps: 30, quality: 80 },
      applied: { desired_fps: 30, quality: 80 },
      streamer: null,
      snapshot: { saved: null },
    });
  });

  it('runs from the first viewer to 10 s after the last one', async () => {
    const { source, streamer } = make();
    const leave = streamer.acquire();
    const leaveToo = streamer.acquire();
    expect(source.opened).toEqual([{ desiredFps: 30, resolution: undefined }]);
    expect(streamer.state.value.streamer).toEqual(RUNNING);
    leave();
    leave();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(source.feed).toBeDefined();
    leaveToo();
    await vi.advanceTimersByTimeAsync(9_900);
    expect(source.feed).toBeDefined();
    await vi.advanceTimersByTimeAsync(200);
    expect(source.feed).toBeUndefined();
    expect(streamer.state.value.streamer).toBeNull();
  });

  it('goes on when a new viewer comes before the stop', async () => {
    const { source, streamer } = make();
    streamer.acquire()();
    await vi.advanceTimersByTimeAsync(9_000);
    streamer.acquire();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(source.feed).toBeDefined();
    expect(source.opened).toHaveLength(1);
  });

  it('applies parameters after 1 s of quiet', async () => {
    const { streamer } = make();
    streamer.setParams({ quality: 50 });
    await vi.advanceTimersByTimeAsync(900);
    streamer.setParams({ desired_fps: 15 });
    await vi.advanceTimersByTimeAsync(900);
    expect(streamer.state.value.params).toEqual({ quality: 50, desired_fps: 15 });
    expect(streamer.state.value.applied).toEqual({ quality: 80, desired_fps: 30 });
    await vi.advanceTimersByTimeAsync(100);
    expect(streamer.state.value.applied).toEqual({ quality: 50, desired_fps: 15 });
  });

  it.each([
    [{ resolution: 'bad' }, 'This streamer does not support resolution settings'],
    [{ h264_bitrate: 1000 }, 'This streamer does not support H264'],
    [{ h264_gop: 0 }, 'This streamer does not support H264'],
    [{ quality: 0 }, "The argument '0' must be stream quality and greater or equial than 1"],
    [{ desired_fps: 91 }, "The argument '91' must be stream FPS and lesser or equal then 90"],
  ])('refuses %o and changes nothing', (change, message) => {
    const { streamer } = make();
    expect(() => streamer.setParams({ quality: 10, ...change })).toThrow(message);
    expect(streamer.state.value.params.quality).toBe(80);
  });

  it('closes the source and opens it again on reset', async () => {
    vi.useRealTimers();
    const { source, streamer } = make();
    await streamer.reset();
    expect(source.opened).toHaveLength(0);
    const release = streamer.acquire();
    const seen: unknown[] = [];
    streamer.state.subscribe((state) => seen.push(state.streamer));
    await Promise.all([streamer.reset(), streamer.reset()]);
    expect(seen).toEqual([null, RUNNING]);
    expect(source.opened).toHaveLength(2);
    release();
    await streamer.close();
    expect(source.feed).toBeUndefined();
  });
});
