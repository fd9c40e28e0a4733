import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../src/core/log.ts';
import { serveStreamer } from '../src/frontends/http/serve-streamer.ts';
import { mediaStateOf, serveMediaSocket } from '../src/frontends/ws/media-socket.ts';
import { loadPage } from '../src/page.ts';
import { loadJpegTurbo } from '../src/video/jpeg-turbo.ts';
import { WebRtc } from '../src/video/webrtc.ts';
import { FakeVideoSource } from './fakes/fake-video-source.ts';
import { launchBrowser } from './support/browser.ts';
import { FrontRig } from './support/front-rig.ts';

/** The machine may have much else to do. */
const WAIT = { timeout: 20_000, interval: 50 };
const SIZE = { width: 640, height: 480 };
/** A number is shown as so many cells, black or white. */
const BITS = 8;
const H264 = {
  bitrate: { default: 5000, min: 25, max: 20_000 },
  gop: { default: 0, min: 0, max: 60 },
};

/** A picture that shows a number. */
function numbered(value: number, { width, height } = SIZE): Uint8Array {
  const pixels = new Uint8Array(width * height * 4).fill(255);
  const row = new Uint8Array(width * 4).fill(255);
  for (let x = 0; x < width; x += 1) {
    const isSet = (value >> (BITS - 1 - Math.floor(x / (width / BITS)))) & 1;
    row.fill(isSet ? 255 : 0, 4 * x, 4 * x + 3);
  }
  for (let y = 0; y < height; y += 1) pixels.set(row, 4 * width * y);
  return pixels;
}

describe('the picture of a capture device', () => {
  let browser: Browser;
  let rig: FrontRig;
  let page: Page;
  const source = new FakeVideoSource({ online: true, ...SIZE });
  source.encodesJpeg = true;
  const webRtc = new WebRtc({
    ...{ bindAddress: undefined, minPort: 0, maxPort: 0, stun: '', maxViewers: 4, log: silentLog },
  });

  beforeAll(async () => {
    browser = await launchBrowser();
    const built = await loadPage();
    if (!built) throw new Error('The page is not built');
    const videoFront = { serveStreamer, serveMediaSocket, mediaStateOf };
    const http = { page: built, videoFront, webRtc };
    rig = await FrontRig.start({ source, h264: H264, http });
    rig.atx.leds.set({ power: true, hdd: false });
  });
  afterAll(async () => {
    await browser?.close();
    webRtc.close();
    await rig?.close();
  });

  async function open(before: (page: Page) => Promise<unknown> = async () => {}): Promise<void> {
    page = await browser.newPage({ viewport: { width: 1024, height: 768 } });
    await before(page);
    await page.goto(rig.url);
    await page.getByRole('textbox', { name: 'Name' }).fill('admin');
    await page.getByLabel('Password').fill('admin');
    await page.keyboard.press('Enter');
    await page.locator('.picture').waitFor();
    await expect.poll(() => source.feed !== undefined, WAIT).toBe(true);
  }

  async function show(value: number, size = SIZE): Promise<void> {
    const turbo = await loadJpegTurbo();
    const out = Buffer.alloc(turbo.outputBytes(size.width, size.height));
    const pixels = Buffer.from(numbered(value, size).buffer);
    const jpeg = await turbo.encode(pixels, size.width, size.height, 90, out);
    source.feed?.pushJpeg(size.width, size.height, new Uint8Array(jpeg));
  }

  /** The number in the pixels of what is on the page; undefined while there is none. */
  const shown = () =>
    page.locator('.picture').evaluate((picture: HTMLCanvasElement | HTMLImageElement, bits) => {
      const width = 'naturalWidth' in picture ? picture.naturalWidth : picture.width;
      const height = 'naturalHeight' in picture ? picture.naturalHeight : picture.height;
      if (width < 100) return undefined;
      const copy = new OffscreenCanvas(width, height).getContext('2d');
      copy?.drawImage(picture, 0, 0);
      const row = copy?.getImageData(0, Math.floor(height / 2), width, 1).data ?? [];
      let value = 0;
      for (let bit = 0; bit < bits; bit += 1) {
        const x = Math.floor((width * (bit + 0.5)) / bits);
        value = 2 * value + ((row[4 * x] ?? 0) > 127 ? 1 : 0);
      }
      return value;
    }, BITS);

  const figures = () => page.locator('.figures').textContent();

  it('is decoded by WebCodecs: each number is read from the canvas', async () => {
    await open();
    for (const value of [0x5a, 0xa5, 0x01, 0xfe]) {
      await show(value);
      await expect.poll(shown, WAIT).toBe(value);
    }
    await expect.poll(figures, WAIT).toContain('H.264');
    expect(await figures()).toContain(`${SIZE.width}×${SIZE.height}`);
    await page.close();
  });

  it('follows another size, and is there at once for who comes later', async () => {
    await open();
    await show(0x33, { width: 800, height: 600 });
    await expect.poll(shown, WAIT).toBe(0x33);
    expect(await page.locator('canvas.picture').getAttribute('width')).toBe('800');
    await page.close();
    await open();
    await expect.poll(shown, WAIT).toBe(0x33);
    await page.close();
  });

  it('comes by WebRTC to a browser without a decoder', async () => {
    await open((each) =>
      each.addInitScript(() => Reflect.deleteProperty(globalThis, 'VideoDecoder')),
    );
    for (const value of [0x3c, 0xc3]) {
      await show(value);
      await expect.poll(shown, WAIT).toBe(value);
    }
    await expect.poll(figures, WAIT).toContain('WebRTC');
    await page.close();
  });

  it('comes as whole tiles to a browser without a decoder and WebRTC, and says why', async () => {
    await open((each) =>
      each.addInitScript(() => {
        Reflect.deleteProperty(globalThis, 'VideoDecoder');
        Reflect.deleteProperty(globalThis, 'RTCPeerConnection');
      }),
    );
    await show(0x77);
    await expect.poll(shown, WAIT).toBe(0x77);
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('button', { name: /^Screen/ }).click();
    const dialog = page.getByRole('dialog', { name: 'Screen' });
    await expect
      .poll(() => dialog.textContent(), WAIT)
      .toContain('Tiles: whole pictures, as the capture device gives no others.');
    expect(await dialog.textContent()).toContain('Not H.264: this browser has no WebCodecs.');
    await page.close();
  });

  it('comes another way when the decoder fails', async () => {
    await open((each) =>
      each.addInitScript(() => {
        VideoDecoder.prototype.decode = function decode() {
          throw new DOMException('broken', 'EncodingError');
        };
      }),
    );
    await expect
      .poll(async () => {
        await show(0x42);
        return await shown();
      }, WAIT)
      .toBe(0x42);
    expect(await figures()).not.toContain('H.264');
    await page.close();
  });
});
