import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { cpuPercent, percentiles, sleep } from './figures.mjs';
import { startServer } from './server.mjs';
import { readNumbers } from './video-page.mjs';
import { CODE, serveQmp, VncGuest } from './vnc-guest.mjs';

/** Where `npm test` has installed it. */
const NODE_AV = join(import.meta.dirname, '..', '.cache', 'node-av', 'node_modules', 'node-av');
const FPS = 30;
/** Width of what moves where a path sends whole pictures anyway, px. */
const WINDOW = 640;
/** Readings that are left out: encoders and decoders get warm. */
const WARM = 30;

/** Each path with its reading and goal, ms. */
const PATHS = [
  { name: 'tiles', path: 'tiles', window: 0, at: 'on the canvas', goalMs: 5 },
  {
    name: 'webcodecs, ffmpeg',
    path: 'h264',
    encoder: 'ffmpeg',
    at: "decoder's output",
    goalMs: 35,
  },
  {
    name: 'webcodecs, node-av',
    path: 'h264',
    encoder: 'node-av',
    at: "decoder's output",
    goalMs: 28,
  },
  {
    name: 'webrtc, ffmpeg',
    path: 'webrtc',
    encoder: 'ffmpeg',
    at: "the video's frame callback",
    goalMs: 60,
  },
  { name: 'mjpeg', path: 'mjpeg', at: 'fetch and createImageBitmap', goalMs: 30 },
];

/** From the guest's picture to its number read in Chromium's pixels, by each path. */
export async function frameToCanvas(count) {
  const hasNodeAv = existsSync(NODE_AV);
  const paths = {};
  for (const each of PATHS) {
    if (each.encoder === 'node-av' && !hasNodeAv) continue;
    paths[each.name] = await measure(each, hasNodeAv, count);
  }
  return {
    scene: `1080p, ${FPS} a second; H.264 and MJPEG with a moving window of ${WINDOW} px`,
    paths,
  };
}

async function measure(of, hasNodeAv, count) {
  const { path, window = WINDOW, encoder = 'ffmpeg', at, goalMs } = of;
  const folder = mkdtempSync(join(tmpdir(), 'bench-video-'));
  const attach = { qmp: join(folder, 'qmp'), vnc: join(folder, 'vnc') };
  const guest = new VncGuest();
  const listening = [await serveQmp(attach.qmp), await guest.listen(attach.vnc)];
  const given = {
    h264_encoder: encoder,
    node_av: hasNodeAv ? NODE_AV : '',
    desired_fps: { default: 0 },
  };
  const streamer = `kvmd: {streamer: ${JSON.stringify(given)}}\n`;
  const server = await startServer(
    'bench',
    `${streamer}qemu: {attach: ${JSON.stringify(attach)}}\n`,
  );
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
  });
  const ticking = setInterval(() => guest.change(window), 1000 / FPS);
  try {
    const page = await browser.newPage();
    await page.goto(server.url);
    await page.evaluate(async () => {
      const body = new URLSearchParams({ user: 'admin', passwd: 'bench' });
      await fetch('/api/auth/login', { method: 'POST', body });
    });
    // The page's own video would take its share.
    await page.goto(`${server.url}streamer/state`);
    const reading = page.evaluate(readNumbers, { path, count: count + WARM, ...CODE });
    await sleep(2000);
    const cpu = await cpuPercent([server.pid], Math.min(4, count / FPS));
    const times = (await reading)
      .slice(WARM)
      .map(([number, atMs]) => atMs - (guest.madeMs.get(number) ?? Number.NaN));
    const bad = times.filter(Number.isNaN).length;
    const figures = percentiles(times.filter((ms) => !Number.isNaN(ms)));
    const met = figures.p50Ms <= goalMs;
    return {
      ...figures,
      unreadable: bad,
      readAt: at,
      serverCpu: cpu,
      goal: { p50Ms: goalMs },
      met,
    };
  } finally {
    clearInterval(ticking);
    await browser.close();
    await server.stop();
    for (const each of listening) each.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
