import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { FakeCapture, type FakeCaptureOptions } from '../../../test/fakes/fake-capture.ts';
import { type Log, silentLog } from '../../core/log.ts';
import { StateCell, until } from '../../core/state.ts';
import type { Frame, VideoFeed } from '../../core/video-source.ts';

const PARAMS = { desiredFps: 30, resolution: undefined, quality: 80 };
const TIMINGS = { width: 1280, height: 720, interlaced: false, hz: 60 };
const PRESENT = { online: true, width: 1280, height: 720 };

describe('a capture device behind µStreamer', () => {
  let directory: string;
  const frames = new StateCell<readonly Frame[]>([]);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ustreamer-'));
    frames.set([]);
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function start(options: Partial<FakeCaptureOptions> = {}): Promise<FakeCapture> {
    const capture = await FakeCapture.start({ directory, ...options });
    onTestFinished(() => capture.source[Symbol.asyncDispose]());
    return capture;
  }

  function open({ source }: FakeCapture): VideoFeed {
    const feed = source.open(PARAMS);
    feed.onFrame = (frame) => frames.set([...frames.value, frame]);
    return feed;
  }

  const online = (feed: VideoFeed) => until(feed.signal, (signal) => signal.online);
  const offline = async (feed: VideoFeed) => {
    const signal = await until(feed.signal, (value) => !value.online);
    return signal.online ? '' : signal.reason;
  };

  it.each(['4.9', '6.62'])('gives the pictures of %s while somebody looks', async (version) => {
    const capture = await start({ args: [`--fake-version=${version}`] });
    expect(capture.source.program.value).toEqual({
      app: 'fake-ustreamer.mjs',
      version: '6.62',
      features: { WITH_GPIO: false, WITH_PTHREAD_NP: true, WITH_SETPROCTITLE: true },
    });
    const feed = open(capture);
    expect(await offline(feed)).toBe('The capture is starting.');
    expect(await online(feed)).toEqual(PRESENT);
    expect(feed.report?.value).toMatchObject({
      instance_id: '',
      encoder: { type: 'CPU', quality: 80 },
      source: { desired_fps: 30, captured_fps: 30, online: true },
    });
    expect(frames.value).toEqual([]);
    feed.setWatched(true);
    const [first] = await until(frames, ({ length }) => length > 2);
    expect(first).toMatchObject({ format: 'jpeg', width: 1280, height: 720, dirty: null });
    expect(first?.grabEndMs).toBeGreaterThan(0);
    feed.setWatched(false);
    await expect.poll(() => capture.log()).toContain('stream 0');
    await feed[Symbol.asyncDispose]();
    const [pre, started, ...rest] = await capture.log();
    expect([pre, ...rest]).toEqual(['pre-start', 'stream 1', 'stream 0', 'stop', 'post-stop']);
    expect(started).toContain('--desired-fps=30 --quality=80 --process-name-prefix=kvmd/streamer');
    expect(started).toMatch(/--workers=1$/);
    expect(started).not.toMatch(/resolution|gop/);
  });

  it('says that the signal is lost, why, and that it is back', async () => {
    const capture = await start();
    const feed = open(capture);
    feed.setWatched(true);
    await until(frames, ({ length }) => length > 0);
    const reason = offline(feed);
    await capture.play('lost');
    expect(await reason).toContain('No signal from the capture device');
    await until(feed.signal, (signal) => !signal.online && signal.reason.includes('cable is out'));
    await capture.play('present');
    expect(await online(feed)).toEqual(PRESENT);
  });

  it('hears of a loss also when nobody looks', async () => {
    const capture = await start();
    const feed = open(capture);
    await online(feed);
    await capture.play('absent');
    expect(await offline(feed)).toBe('No signal from the capture device.');
  });

  it('starts it again after a crash, and tells the reason, which is logged once', async () => {
    const warnings: string[] = [];
    const log: Log = {
      ...silentLog,
      warn: (details, message) => void warnings.push(`${message} ${JSON.stringify(details)}`),
    };
    const capture = await start({ log });
    const feed = open(capture);
    feed.setWatched(true);
    await until(frames, ({ length }) => length > 0);
    for (const seconds of [1, 2]) {
      const down = until(feed.signal, (signal) => !signal.online && signal.reason.includes('code'));
      await capture.play('crash');
      expect(await down).toEqual({
        online: false,
        reason:
          "fake-ustreamer.mjs ended with code 3: Can't start capturing: Device or resource busy " +
          `(it is used by another program). It is started again after ${seconds} s.`,
      });
      expect(feed.report?.value).toBeUndefined();
      const before = frames.value.length;
      await until(frames, ({ length }) => length > before);
    }
    const told = warnings.filter((text) => text.includes('Device or resource busy'));
    expect(told).toHaveLength(1);
    expect(warnings.filter((text) => text.includes('--h264-gop'))).toHaveLength(1);
  });

  it('drops broken pictures, and says so when there are no others', async () => {
    const capture = await start();
    const feed = open(capture);
    feed.setWatched(true);
    await until(frames, ({ length }) => length > 0);
    const reason = offline(feed);
    await capture.play('broken');
    expect(await reason).toBe('The capture sends broken pictures.');
    await capture.play('present');
    await online(feed);
  });

  it.each([
    ['garbage', 'bytes of headers'],
    ['endless', 'no picture came for 0.4 s'],
    ['silent', 'no picture came for 0.4 s'],
  ] as const)('gives up a stream that is %s, and opens it anew', async (video, why) => {
    const capture = await start({ stallMs: 400 });
    const feed = open(capture);
    feed.setWatched(true);
    await until(frames, ({ length }) => length > 0);
    const reason = offline(feed);
    await capture.play(video);
    expect(await reason).toMatch(new RegExp(`do not come: .*${why}`));
    const before = frames.value.length;
    await capture.play('present');
    await until(frames, ({ length }) => length > before);
    await online(feed);
  });

  it('ends a program that does not answer any more, by force', async () => {
    const capture = await start({ hangMs: 500 });
    const feed = open(capture);
    await online(feed);
    const down = until(feed.signal, (signal) => !signal.online && signal.reason.includes('answer'));
    await capture.play('stuck');
    await down;
    await online(feed);
  });

  it('starts it anew when it does not see a signal that its device has', async () => {
    let kind: 'absent' | 'present' = 'absent';
    const capture = await start({ askDevice: async () => ({ kind, timings: TIMINGS }) });
    const feed = open(capture);
    await online(feed);
    await capture.play('absent');
    await until(feed.signal, (signal) => !signal.online && signal.reason.includes('no cable'));
    const starts = async () => (await capture.log()).filter((line) => line.startsWith('start'));
    expect(await starts()).toHaveLength(1);
    const down = until(feed.signal, (signal) => !signal.online && signal.reason.includes('see'));
    kind = 'present';
    expect(await down).toMatchObject({
      reason: expect.stringContaining('did not see the signal that its device has'),
    });
    await online(feed);
    expect(await starts()).toHaveLength(2);
  });

  it('waits for the run before to let go of the device', async () => {
    const capture = await start();
    const first = open(capture);
    await online(first);
    const closed = first[Symbol.asyncDispose]();
    const second = open(capture);
    await online(second);
    await closed;
    const log = (await capture.log()).map((line) => line.split(' ')[0]);
    expect(log).toEqual(['pre-start', 'start', 'stop', 'post-stop', 'pre-start', 'start']);
  });
});
