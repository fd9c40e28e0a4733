import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { launchBrowser } from './support/browser.ts';
import { CaptureDevice } from './support/capture-device.ts';
import { playJanus } from './support/janus-player.ts';
import { logInTo, PageRig } from './support/page-rig.ts';
import { SizeEvents } from './support/size-events.ts';
import { figuresOf, readTimeCodes, type TimeCodes } from './support/time-code.ts';
import { watchWhep } from './support/webrtc-page.ts';

const WAIT = { timeout: 30_000, interval: 50 };
/** Pictures that are read of each path. */
const PICTURES = 40;
/** The middle one is older on no path, also on a box that is busy with other things, ms. */
const FRESH_MS = 1000;
/** How soon a client is told of another size, in the middle, ms. */
const TOLD_MS = 300;

const rig = new PageRig();
let browser: Browser;
let device: CaptureDevice;
let context: BrowserContext;
let page: Page;
let url: string;

beforeAll(async () => {
  browser = await launchBrowser();
  device = new CaptureDevice(rig.directory);
  const none = { type: 'disabled' };
  const streamer = device.streamer(['--dv-timings', '--persistent']);
  // The server asks the device, too.
  url = await rig.start({ kvmd: { hid: none, atx: none, msd: none, streamer } }, device.env);
  context = await browser.newContext({ ignoreHTTPSErrors: true });
  page = await context.newPage();
  await logInTo(page, url);
  await page.close();
});
afterAll(async () => {
  await browser?.close();
  await rig.close();
});
afterEach(() => page?.close());

/** Opens the page with this way chosen, or another place. */
async function open(path: string, place = ''): Promise<void> {
  page = await context.newPage();
  await page.addInitScript((it) => {
    localStorage.setItem('crashcart.videoPath', it);
    localStorage.setItem('crashcart.figuresShown', '1');
  }, path);
  await page.goto(`${url}${place}`);
}

/** Runs in the page: until the picture has this width, px; gives when it was so, ms since 1970. */
async function untilWidth(of: { selector: string; width: number }): Promise<number> {
  const widthOf = () => {
    const element = document.querySelector<HTMLCanvasElement | HTMLImageElement>(of.selector);
    return element instanceof HTMLImageElement ? element.naturalWidth : element?.width;
  };
  while (widthOf() !== of.width) await new Promise(requestAnimationFrame);
  return Date.now();
}

const figures = () => page.getByRole('region', { name: 'Figures of the picture' }).textContent();

/** Each picture is newer than the one before, and they are of now. */
function expectFresh(path: string, codes: TimeCodes): void {
  const { p50, unread, ...more } = figuresOf(codes);
  process.stdout.write(`age by ${path}, ms: ${JSON.stringify({ p50, unread, ...more })}\n`);
  const taken = codes.shown.map(({ takenMs }) => takenMs);
  expect(taken).toEqual([...taken].sort((a, b) => a - b));
  expect(p50).toBeGreaterThan(0);
  expect(p50).toBeLessThan(FRESH_MS);
  expect(unread).toBeLessThan(PICTURES / 10);
}

it.each([
  ['h264', 'H.264'],
  ['webrtc', 'WebRTC'],
  ['tiles', 'Tiles'],
  ['mjpeg', 'MJPEG'],
])('the page shows fresh pictures of a capture device by %s', async (path, word) => {
  await open(path);
  await expect.poll(figures, WAIT).toContain(`${word} 640×480`);
  expectFresh(path, await readTimeCodes(page, '.picture', PICTURES));
  // It is still this way: none was given up meanwhile.
  expect(await figures()).toContain(`${word} 640×480`);
});

it.each(['h264', 'mjpeg'])('the page follows a source of another size by %s', async (path) => {
  using sizes = new SizeEvents(url);
  await open(path);
  await readTimeCodes(page, '.picture', 1);
  const told: number[] = [];
  for (const [width, height] of [
    [1280, 720],
    [800, 600],
    [640, 480],
  ] as const) {
    const shown = page.evaluate(untilWidth, { selector: '.picture', width });
    const pluggedMs = Date.now();
    device.plug(`${width}x${height}`);
    const [toldMs, shownMs] = await Promise.all([sizes.until(width, height), shown]);
    const after = { event: toldMs - pluggedMs, page: shownMs - pluggedMs };
    told.push(after.event);
    process.stdout.write(`${width}x${height} by ${path} after, ms: ${JSON.stringify(after)}\n`);
    await expect.poll(figures, WAIT).toContain(` ${width}×${height}`);
    expectFresh(`${path} of ${width}x${height}`, await readTimeCodes(page, '.picture', 15));
  }
  expect(told.sort((a, b) => a - b)[1]).toBeLessThan(TOLD_MS);
});

it('an image of another page shows fresh pictures by /streamer/stream', async () => {
  await open('mjpeg', 'api/openapi.json');
  await page.evaluate((src) => {
    document.body.append(Object.assign(new Image(), { src }));
  }, `${url}streamer/stream?advance_headers=1`);
  expectFresh('an image', await readTimeCodes(page, 'img', PICTURES));
});

it.each([
  ['WHEP', () => page.evaluate(watchWhep, `${url}api/media/whep`)],
  [
    "Janus's API",
    () => playJanus(page, { url: `${url.replace('http', 'ws')}janus/ws`, audio: false }),
  ],
] as const)('a player of %s shows fresh pictures', async (name, watch) => {
  await open('mjpeg', 'api/openapi.json');
  await watch();
  expectFresh(name, await readTimeCodes(page, 'video', PICTURES));
});
