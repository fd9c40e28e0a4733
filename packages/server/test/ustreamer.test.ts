import { execFileSync } from 'node:child_process';
import { request } from 'node:https';
import type { InfoState, StreamerState } from '@crashcart/api';
import { expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { StateCell, until } from '../src/core/state.ts';
import { jpegSize } from '../src/protocols/jpeg-size.ts';
import { MultipartParser, type MultipartPart } from '../src/protocols/multipart.ts';
import { CaptureDevice } from './support/capture-device.ts';
import { http } from './support/http-client.ts';
import { ServerProcess } from './support/server-process.ts';
import { StateDirectory } from './support/state-directory.ts';

const PASSWORD = 'one and only';
const headers = { authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}` };
const PROGRAM = '/usr/bin/ustreamer';
const SOON = { timeout: 20_000, interval: 30 };

/** Options of PiKVM's for its H.264 boards, which Debian's 4.9 does not have. */
const CONFIG = `
kvmd:
  hid: {type: disabled}
  atx: {type: disabled}
  msd: {type: disabled}
  streamer:
    type: ustreamer
    shutdown_delay: 1
    cmd_remove: [--device=/dev/video0]
    cmd_append:
      - --device=/dev/no-such-video
      - --h264-sink=kvmd::ustreamer::h264
      - --h264-gop={h264_gop}
`;

it('a started server runs the real µStreamer for its viewers, also without the device', async () => {
  await using state = new StateDirectory();
  const config = state.config(CONFIG);
  const server = await ServerProcess.start(
    ['--port', '0', '--state', state.path, '--config', config],
    { CRASHCART_PASSWORD: PASSWORD },
  );
  const call = (path: string) => http(`${server.url}${path}`, { headers });
  const streamer = async () => (await call('api/streamer')).result() as StreamerState;
  const view = () => {
    const address = `${server.url.replace('http', 'ws')}api/ws?stream=1`;
    const socket = new WebSocket(address, { rejectUnauthorized: false, headers });
    socket.on('error', () => {});
    return socket;
  };
  /** The child that runs, once it answers that there is no signal. */
  const offline = () =>
    vi.waitFor(async () => {
      const { streamer: running } = await streamer();
      expect(running).toMatchObject({
        encoder: { type: 'CPU', quality: 80 },
        source: { online: false, desired_fps: 30, resolution: { width: 640, height: 480 } },
      });
      expect(running?.source.reason).toMatch(
        /^No signal.*: .*No such file or directory \(is it plugged in\?.*\)\.$/,
      );
      const [pid, ...others] = state.ustreamers();
      expect(others).toEqual([]);
      if (pid === undefined) throw new Error('no µStreamer runs');
      return pid;
    }, SOON);
  const gone = () => vi.waitFor(() => expect(state.ustreamers()).toEqual([]), SOON);
  try {
    const { system } = (await call('api/info?fields=system')).result() as InfoState;
    expect(system.streamer.app).toBe('ustreamer');
    expect(system.streamer.version).toBe(output('--version').trim());
    for (const [name, has] of Object.entries(system.streamer.features)) {
      expect(output('--features')).toContain(`${has ? '+' : '-'} ${name}`);
    }
    expect(Object.keys(system.streamer.features)).toContain('WITH_GPIO');
    expect((await streamer()).streamer).toBeNull();
    expect(state.ustreamers()).toEqual([]);

    const viewer = view();
    const first = await offline();
    expect((await call('api/streamer/snapshot')).status).toBe(503);
    const picture = await call('api/streamer/snapshot?allow_offline=1');
    expect([picture.status, picture.headers['x-ustreamer-online']]).toEqual([200, 'false']);
    expect(picture.body.subarray(0, 2).toString('hex')).toBe('ffd8');

    process.kill(first, 'SIGKILL');
    await vi.waitFor(async () => {
      const reason = (await streamer()).streamer?.source.reason;
      expect(reason).toMatch(/^ustreamer was ended by SIGKILL.* It is started again after 1 s\.$/);
    }, SOON);
    expect(await offline()).not.toBe(first);

    viewer.close();
    await vi.waitFor(async () => expect((await streamer()).streamer).toBeNull(), SOON);
    await gone();
    const lines = state.logs().split('\n');
    expect(lines.filter((line) => line.includes('--h264-sink'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('was ended by SIGKILL'))).toHaveLength(1);

    view();
    await offline();
  } finally {
    await server.end('SIGKILL');
  }
  // It does not outlive a server that could not say goodbye.
  await gone();
});

it('gives the pictures of a capture device, and says when their signal goes', async () => {
  await using state = new StateDirectory();
  const device = new CaptureDevice(state.path);
  const none = { type: 'disabled' };
  const kvmd = { hid: none, atx: none, msd: none, streamer: device.streamer() };
  const config = state.config(JSON.stringify({ kvmd }));
  const server = await ServerProcess.start(
    ['--port', '0', '--state', state.path, '--config', config],
    { CRASHCART_PASSWORD: PASSWORD },
  );
  const call = (path: string, method = 'GET') => http(`${server.url}${path}`, { headers, method });
  const running = async () =>
    ((await call('api/streamer')).result() as StreamerState).streamer ?? undefined;
  const seen = new StateCell<readonly MultipartPart[]>([]);
  const stream = request(
    `${server.url}streamer/stream?extra_headers=1`,
    { headers, rejectUnauthorized: false },
    (response) => {
      const parser = new MultipartParser('boundarydonotcross');
      response.on('data', (chunk) => seen.set([...seen.value, ...parser.push(chunk)]));
      response.on('error', () => {});
    },
  );
  stream.on('error', () => {});
  stream.end();
  const isOnline = ({ headers: of }: MultipartPart) => of.get('x-ustreamer-online') === 'true';
  const next = async (online: boolean) => {
    const before = seen.value.length;
    await until(seen, (all) => all.slice(before).some((part) => isOnline(part) === online));
  };
  try {
    const shown = (await until(seen, (all) => all.filter(isOnline).length > 9)).filter(isOnline);
    expect(jpegSize(shown[0]?.body ?? Buffer.alloc(0))).toEqual({ width: 640, height: 480 });
    expect(new Set(shown.map(({ body }) => body.toString('latin1'))).size).toBeGreaterThan(5);
    // From grab to here on one clock, whichever µStreamer has.
    const latencies = shown.map((part) => Number(part.headers.get('x-ustreamer-latency')));
    expect(Math.min(...latencies)).toBeGreaterThan(0);
    expect(Math.min(...latencies)).toBeLessThan(0.2);
    const snapshot = await call('api/streamer/snapshot');
    expect([snapshot.status, snapshot.headers['x-ustreamer-width']]).toEqual([200, '640']);
    expect(jpegSize(snapshot.body)).toEqual({ width: 640, height: 480 });

    device.unplug();
    await next(false);
    expect((await running())?.source).toMatchObject({
      online: false,
      reason: expect.stringMatching(/^No signal from the capture device/),
    });
    device.plug();
    await next(true);

    const [first] = state.ustreamers();
    await call('api/streamer/set_params?quality=20', 'POST');
    await vi.waitFor(async () => {
      expect((await running())?.encoder.quality).toBe(20);
      expect(state.ustreamers()).toHaveLength(1);
      expect(state.ustreamers()).not.toContain(first);
    }, SOON);
    await next(true);
    const small = seen.value.filter(isOnline).at(-1)?.body.length ?? 0;
    expect(small).toBeLessThan((shown[0]?.body.length ?? 0) * 0.8);

    stream.destroy();
    await vi.waitFor(async () => expect(await running()).toBeUndefined(), SOON);
    await vi.waitFor(() => expect(state.ustreamers()).toEqual([]), SOON);
  } finally {
    stream.destroy();
    await server.end();
  }
});

function output(option: string): string {
  return execFileSync(PROGRAM, [option], { encoding: 'utf8' });
}
