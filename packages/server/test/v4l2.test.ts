import type { StreamerState } from '@crashcart/api';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { V4l2Pixels } from '../src/drivers/linux/v4l2-pixels.ts';
import { loadNodeAv, type NodeAv } from '../src/video/node-av.ts';
import { launchBrowser } from './support/browser.ts';
import { CaptureDevice } from './support/capture-device.ts';
import { http } from './support/http-client.ts';
import { NODE_AV } from './support/node-av.ts';
import { logInTo, PASSWORD, PageRig } from './support/page-rig.ts';
import { figuresOf, readTimeCodes } from './support/time-code.ts';

const headers = { authorization: `Basic ${btoa(`admin:${PASSWORD}`)}` };
const WAIT = { timeout: 30_000, interval: 20 };
const none = { type: 'disabled' };

describe('a capture device that the server reads itself', () => {
  const rig = new PageRig();
  const device = new CaptureDevice(rig.directory);
  let browser: Browser;
  let context: BrowserContext;
  let url: string;

  beforeAll(async () => {
    browser = await launchBrowser();
    const streamer = {
      ...{ type: 'v4l2', node_av: NODE_AV, h264_encoder: 'node-av', shutdown_delay: 0.1 },
      v4l2: { device: device.path, format: 'yuyv422' },
    };
    url = await rig.start({ kvmd: { hid: none, atx: none, msd: none, streamer } }, device.env);
    context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await logInTo(page, url);
    await page.close();
  });
  afterAll(async () => {
    await browser?.close();
    await rig.close();
  });

  async function open(path: string) {
    const page = await context.newPage();
    onTestFinished(() => page.close());
    await page.addInitScript((it) => {
      localStorage.setItem('crashcart.videoPath', it);
      localStorage.setItem('crashcart.figuresShown', '1');
    }, path);
    await page.goto(url);
    return page;
  }
  const source = async () => {
    const answer = await http(`${url}api/streamer`, { headers });
    return (answer.result() as StreamerState).streamer?.source;
  };

  it.each([
    ['tiles', 'Tiles'],
    ['h264', 'H.264'],
    ['mjpeg', 'MJPEG'],
  ])('is fresh on the page by %s', async (path, word) => {
    const page = await open(path);
    const figures = page.getByRole('region', { name: 'Figures of the picture' });
    await expect.poll(() => figures.textContent(), WAIT).toContain(`${word} 640×480`);
    const codes = await readTimeCodes(page, '.picture', 40);
    const { p50, ...others } = figuresOf(codes);
    process.stdout.write(
      `age of the picture by ${path}, ms: ${JSON.stringify({ p50, ...others })}\n`,
    );
    const taken = codes.shown.map(({ takenMs }) => takenMs);
    expect(taken).toEqual([...taken].sort((a, b) => a - b));
    expect(p50).toBeLessThan(1000);
  });

  it('says at once that its signal is gone, and follows another size', async () => {
    const page = await open('tiles');
    await expect.poll(source, WAIT).toMatchObject({ online: true });
    device.unplug();
    await expect.poll(source, WAIT).toMatchObject({
      online: false,
      reason: 'No signal from the capture device: no cable, or a machine that is off or asleep.',
    });
    device.plug('800x600');
    await expect.poll(source, WAIT).toMatchObject({
      online: true,
      resolution: { width: 800, height: 600 },
    });
    await expect.poll(() => page.locator('canvas.picture').getAttribute('width'), WAIT).toBe('800');
  });
});

it('says why a device cannot be read, and what to do', async () => {
  await using rig = new PageRig();
  const v4l2 = { device: '/dev/no-such-video', format: 'mjpeg' };
  const streamer = { type: 'v4l2', node_av: NODE_AV, v4l2, forever: true };
  const url = await rig.start({ kvmd: { hid: none, atx: none, msd: none, streamer } });
  await vi.waitFor(async () => {
    const answer = await http(`${url}api/streamer`, { headers });
    expect((answer.result() as StreamerState).streamer?.source).toMatchObject({
      online: false,
      reason: expect.stringMatching(
        /^There is no \/dev\/no-such-video: is the device plugged in\?/,
      ),
    });
  }, WAIT);
});

describe('raw pictures', () => {
  const [width, height] = [64, 48];
  let av: NodeAv;
  let pixels: V4l2Pixels;

  beforeAll(async () => {
    av = await loadNodeAv(NODE_AV);
    const { AV_PIX_FMT_YUYV422: pixelFormat } = av as NodeAv & { AV_PIX_FMT_YUYV422: number };
    pixels = new V4l2Pixels(av, { width, height, pixelFormat });
  });
  afterAll(() => pixels.free());

  it('are converted, and what has changed is known', async () => {
    const raw = Buffer.alloc(width * height * 2, Buffer.from([235, 128, 235, 128]));
    const first = await pixels.convert(raw);
    expect(first?.dirty).toBeNull();
    expect(first?.data.length).toBe(width * height * 4);
    expect([...(first?.data.subarray(0, 3) ?? [])].every((value) => value > 250)).toBe(true);
    expect(await pixels.convert(raw)).toBeUndefined();
    raw.fill(16, 20 * width * 2, 20 * width * 2 + 1);
    const second = await pixels.convert(raw);
    expect(second?.dirty).toEqual([{ x: 0, y: 16, width, height: 16 }]);
    expect(second?.data[20 * width * 4] ?? 255).toBeLessThan(30);
    expect(second?.data[0] ?? 0).toBeGreaterThan(250);
  });
});
