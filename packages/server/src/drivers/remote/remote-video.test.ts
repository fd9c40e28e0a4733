import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FakeVideoSource } from '../../../test/fakes/fake-video-source.ts';
import { FrontRig } from '../../../test/support/front-rig.ts';
import { silentLog } from '../../core/log.ts';
import { until } from '../../core/state.ts';
import type { Frame, VideoFeed } from '../../core/video-source.ts';
import { serveStreamer } from '../../frontends/http/serve-streamer.ts';
import { mediaStateOf, serveMediaSocket } from '../../frontends/ws/media-socket.ts';
import { RemoteLink } from './remote-link.ts';
import { RemoteStates } from './remote-states.ts';
import { RemoteVideoSource } from './remote-video.ts';

const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 10_000, interval: 10 });
const RED: [number, number, number] = [0, 0, 255];

let dir = '';
let rig: FrontRig;
let screen: FakeVideoSource;
let link: RemoteLink;
let states: RemoteStates;
let source: RemoteVideoSource;

async function startRig(): Promise<void> {
  screen = new FakeVideoSource();
  const videoFront = { serveStreamer, serveMediaSocket, mediaStateOf };
  rig = await FrontRig.start({ source: screen, http: { videoFront } });
  await rig.server.listen({ path: join(dir, 'core.sock') });
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'remote-video-'));
  await startRig();
  const address = {
    ...{ url: new URL('http://localhost'), unix: join(dir, 'core.sock') },
    ...{ verify: true, fingerprint: undefined },
  };
  const account = { user: 'admin', passwd: 'admin', passwdFile: '' };
  link = new RemoteLink({ address, machine: '', ...account }, silentLog);
  states = new RemoteStates(silentLog);
  link.onEvent((event) => states.apply(event));
  source = new RemoteVideoSource(link, states, silentLog);
  await until(link.status, ({ online }) => online, AbortSignal.timeout(10_000));
});
afterEach(async () => {
  await source[Symbol.asyncDispose]();
  await link[Symbol.asyncDispose]();
  await rig.close();
  await rm(dir, { recursive: true });
});

function framesOf(feed: VideoFeed): Frame[] {
  const frames: Frame[] = [];
  feed.onFrame = (frame) => frames.push(frame);
  return frames;
}

it('shows the pictures of the remote, which runs only as long as somebody watches here', async () => {
  expect(screen.feed).toBeUndefined();
  const feed = source.open();
  const frames = framesOf(feed);
  await eventually(() => expect(screen.feed).toBeDefined());
  screen.feed?.pushFilled(64, 48, RED);
  await eventually(() => expect(frames.at(-1)).toMatchObject({ width: 64, height: 48 }));
  expect(frames.at(-1)?.format).toBe('jpeg');
  expect([...(frames.at(-1)?.data.subarray(0, 2) ?? [])]).toEqual([0xff, 0xd8]);
  expect(feed.signal.value).toEqual({ online: true, width: 64, height: 48 });
  rig.machine.streamer.refresh();
  expect(rig.machine.streamer.state.value.streamer?.stream.clients).toBe(1);
  await feed[Symbol.asyncDispose]();
  await eventually(() => {
    rig.machine.streamer.refresh();
    expect(rig.machine.streamer.state.value.streamer?.stream.clients).toBe(0);
  });
});

it('tells in the words of the remote why there is no picture', async () => {
  const feed = source.open();
  await eventually(() => expect(screen.feed).toBeDefined());
  screen.feed?.pushFilled(64, 48, RED);
  await until(feed.signal, ({ online }) => online, AbortSignal.timeout(5000));
  screen.feed?.signal.set({ online: false, reason: 'The cable is out' });
  await eventually(() => {
    rig.machine.streamer.refresh();
    expect(feed.signal.value).toEqual({ online: false, reason: 'The cable is out' });
  });
  await feed[Symbol.asyncDispose]();
});

it('shows it again when the remote was gone', async () => {
  const feed = source.open();
  const frames = framesOf(feed);
  await eventually(() => expect(screen.feed).toBeDefined());
  screen.feed?.pushFilled(64, 48, RED);
  await eventually(() => expect(frames.length).toBeGreaterThan(0));
  await rig.close();
  await eventually(() => {
    expect(feed.signal.value).toMatchObject({
      online: false,
      reason: expect.stringMatching(/cannot be reached/),
    });
  });
  await startRig();
  await eventually(() => expect(screen.feed).toBeDefined());
  screen.feed?.pushFilled(32, 16, RED);
  await eventually(() => expect(feed.signal.value).toMatchObject({ online: true, width: 32 }));
  await feed[Symbol.asyncDispose]();
});

it('has the parameters of the remote, and sets them there', async () => {
  await eventually(() => expect(source.control.state.value?.params.quality).toBe(80));
  await source.control.setParams({ quality: 30 });
  expect(rig.machine.streamer.state.value.params.quality).toBe(30);
  expect(source.control.state.value?.params.quality).toBe(30);
  await expect(source.control.setParams({ resolution: '1x1' })).rejects.toMatchObject({
    name: 'StreamerResolutionNotSupported',
  });
});
