import type { UstreamerState } from '@crashcart/api';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeVideoSource } from '../../test/fakes/fake-video-source.ts';
import { silentLog } from './log.ts';
import { until } from './state.ts';
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

  it('has no quality where the source decides', () => {
    const { streamer } = make({ quality: 0 });
    const { features, params } = streamer.state.value;
    expect([features.quality, params]).toEqual([false, { desired_fps: 30 }]);
    expect(() => streamer.setParams({ quality: 50 })).toThrow('quality');
  });

  it('runs from the first viewer to 10 s after the last one', async () => {
    const { source, streamer } = make();
    const leave = streamer.acquire();
    const leaveToo = streamer.acquire();
    expect(source.opened).toEqual([{ desiredFps: 30, quality: 80, resolution: undefined }]);
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

  it('runs also for who is no viewer, and counts the others', async () => {
    const { source, streamer } = make();
    const release = streamer.keep();
    expect(source.feed).toBeDefined();
    expect(streamer.viewers.value).toBe(0);
    const leave = streamer.acquire();
    expect(streamer.viewers.value).toBe(1);
    release();
    leave();
    leave();
    expect(streamer.viewers.value).toBe(0);
    await vi.advanceTimersByTimeAsync(10_100);
    expect(source.feed).toBeUndefined();
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

  it('opens a source anew for another quality only when that encodes itself', async () => {
    vi.useRealTimers();
    for (const encodesJpeg of [false, true]) {
      const { source, streamer } = make({ applyDelayMs: 0, resetDelayMs: 0 });
      source.encodesJpeg = encodesJpeg;
      const release = streamer.acquire();
      streamer.setParams({ quality: 50 });
      await until(streamer.state, ({ applied }) => applied.quality === 50);
      if (encodesJpeg) await until(streamer.feed, (feed) => feed === undefined);
      await until(streamer.feed, (feed) => feed !== undefined);
      expect(source.opened.map(({ quality }) => quality)).toEqual(encodesJpeg ? [80, 50] : [80]);
      release();
      await streamer.close();
    }
  });

  it('has H.264 where it is told so, with limits', async () => {
    const h264 = {
      bitrate: { default: 5000, min: 100, max: 9000 },
      gop: { default: 0, min: 0, max: 30 },
    };
    const { streamer } = make({ h264 });
    expect(streamer.state.value).toMatchObject({
      features: { h264: true },
      limits: { h264_bitrate: { min: 100, max: 9000 }, h264_gop: { min: 0, max: 30 } },
      applied: { h264_bitrate: 5000, h264_gop: 0 },
    });
    streamer.setParams({ h264_bitrate: 9000 });
    streamer.setParams({ h264_gop: 30 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(streamer.state.value.applied).toMatchObject({ h264_bitrate: 9000, h264_gop: 30 });
    expect(() => streamer.setParams({ h264_bitrate: 99 })).toThrow(
      "The argument '99' must be stream H264 bitrate and greater or equial than 100",
    );
    expect(() => streamer.setParams({ h264_gop: 31 })).toThrow('stream H264 GOP');
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
