import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AttachedQemu } from './support/attached-qemu.ts';
import { launchBrowser } from './support/browser.ts';
import { CaptureDevice } from './support/capture-device.ts';
import { logInTo, PASSWORD, PageRig } from './support/page-rig.ts';
import { type SignalDelay, SignalWatch } from './support/signal-watch.ts';
import { SizeEvents } from './support/size-events.ts';
import { processesOf } from './support/state-directory.ts';

const headers = { authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}` };
const none = { type: 'disabled' };
const WITHOUT = { hid: none, atx: none, msd: none };
/** How soon a client hears of a signal, and how soon a browser shows it on a busy box, ms. */
const SOON_MS = 300;
const SHOWN_MS = 600;
const TIMES = 10;
/** Pictures that a device gives before it falls silent. */
const STEADY_PICTURES = 25;
/** A program that ran so long had worked (ustreamer-feed.ts), and how long its new start may take. */
const STEADY_MS = 10_000;
const RESTART_MS = 900;
const WAIT = { timeout: 20_000, interval: 100 };

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());

/** Loses the signal and gets it back so often; prints how long the news took. */
async function repeat(
  what: string,
  times: number,
  seen: SignalWatch,
  acts: Record<'lose' | 'back', () => unknown> & { readonly steady?: () => Promise<void> },
) {
  const lost: SignalDelay[] = [];
  const back: SignalDelay[] = [];
  for (let time = 0; time < times; time += 1) {
    await acts.steady?.();
    lost.push(await seen.time(false, acts.lose));
    back.push(await seen.time(true, acts.back));
  }
  const figures = { lost: summary(lost), back: summary(back) };
  process.stdout.write(`${what}, [p50, max] ms: ${JSON.stringify(figures)}\n`);
  return figures;
}

function expectSoon({ lost, back }: Awaited<ReturnType<typeof repeat>>): void {
  for (const { event, picture } of [lost, back]) {
    expect(event[0]).toBeLessThan(SOON_MS);
    expect(picture[0]).toBeLessThan(SHOWN_MS);
  }
}

function summary(delays: readonly SignalDelay[]) {
  const of = (values: readonly number[]) => {
    const sorted = [...values].sort((a, b) => a - b);
    return [sorted[Math.floor(sorted.length / 2)] ?? Number.NaN, sorted.at(-1)] as const;
  };
  return {
    event: of(delays.map(({ event }) => event)),
    picture: of(delays.map(({ picture }) => picture)),
  };
}

/** The server's page in a browser of its own, which sees whether there is a signal. */
async function watch(url: string): Promise<SignalWatch> {
  const page = await browser.newPage({ ignoreHTTPSErrors: true });
  await logInTo(page, url);
  return SignalWatch.open(page, url, headers);
}

it('the signal of an HDMI bridge goes and comes, and its program dies', async () => {
  await using rig = new PageRig();
  const device = new CaptureDevice(rig.directory);
  // As PiKVM runs it.
  const options = ['--dv-timings', '--persistent', '--drop-same-frames=30'];
  const url = await rig.start({ kvmd: { ...WITHOUT, streamer: device.streamer(options) } });
  await using seen = await watch(url);
  const startedMs = Date.now();
  const lose = () => device.unplug();
  const back = () => device.plug();
  expectSoon(await repeat('signal of a bridge', TIMES, seen, { lose, back }));

  // One that ran well is started again at once.
  await expect.poll(() => Date.now() - startedMs, WAIT).toBeGreaterThan(STEADY_MS);
  const [pid = 0] = processesOf('ustreamer', rig.directory);
  const died = await repeat('µStreamer killed', 1, seen, {
    lose: () => process.kill(pid, 'SIGKILL'),
    back: () => {},
  });
  expect(died.lost.event[0]).toBeLessThan(SOON_MS);
  expect(died.back.event[0]).toBeLessThan(RESTART_MS);
});

it('a change that its program missed is seen after a new start of it', async () => {
  await using rig = new PageRig();
  const device = new CaptureDevice(rig.directory, { mute: true });
  const streamer = device.streamer(['--dv-timings', '--persistent']);
  // The server asks the device, too.
  const url = await rig.start({ kvmd: { ...WITHOUT, streamer } }, device.env);
  using sizes = new SizeEvents(url);
  await using seen = await watch(url);
  await sizes.until(640, 480);
  await seen.pictures(STEADY_PICTURES);
  device.plug('1280x720');
  await sizes.until(1280, 720);
});

it('a device that gives no more pictures and says nothing of it has no signal', async () => {
  await using rig = new PageRig();
  const device = new CaptureDevice(rig.directory);
  const options = ['--persistent', '--drop-same-frames=30'];
  const url = await rig.start({ kvmd: { ...WITHOUT, streamer: device.streamer(options) } });
  await using seen = await watch(url);
  const lose = () => device.unplug();
  const back = () => device.plug();
  // By then it is known how often it gives a picture.
  const steady = () => seen.pictures(STEADY_PICTURES);
  expectSoon(await repeat('silence of a device', TIMES, seen, { steady, lose, back }));
});

it('the screen of QEMU goes and comes', async () => {
  await using rig = new PageRig();
  await using qemu = await AttachedQemu.start(rig.directory);
  const url = await rig.start({ qemu: { attach: qemu.attach } });
  await using seen = await watch(url);
  const power = await repeat('power of QEMU', TIMES, seen, {
    lose: () => qemu.qmp.execute('stop'),
    back: () => qemu.qmp.execute('cont'),
  });
  expectSoon(power);
  const socket = await repeat('VNC socket of QEMU', TIMES, seen, {
    lose: () => qemu.hideScreen(),
    back: () => qemu.showScreen(),
  });
  expectSoon(socket);
  const died = await seen.time(false, () => qemu.kill());
  process.stdout.write(`QEMU killed, ms: ${JSON.stringify(died)}\n`);
  expect(died.event).toBeLessThan(SOON_MS);
});
