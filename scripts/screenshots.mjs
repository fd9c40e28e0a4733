#!/usr/bin/env node
/**
 * Takes the pictures of docs/images from the built server with a real machine, in a real Chromium:
 * `node scripts/screenshots.mjs [VIEW ...]`, all views without an argument.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { VIEWS } from './screenshot-views.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUTPUT = join(ROOT, 'docs/images');
const PASSWORD = 'correct horse 7';
const LIMIT_BYTES = 150_000;

const LOOKS = ['light', 'dark'].flatMap((scheme) => [
  { name: `desk-${scheme}`, scheme, viewport: { width: 1440, height: 900 }, isMobile: false },
  { name: `phone-${scheme}`, scheme, viewport: { width: 390, height: 844 }, isMobile: true },
]);

const GB = 1_000_000_000;
const IMAGES = {
  'debian-12.8.0-amd64-netinst.iso': 0.662 * GB,
  'Fedora-Server-dvd-x86_64-41-1.4.iso': 2.65 * GB,
  'rescue.img': 1.2 * GB,
  'netboot/ipxe.iso': 0.002 * GB,
  'netboot/memtest86plus.img': 0.012 * GB,
  'windows/Win11_24H2_EnglishInternational_x64.iso': 5.82 * GB,
};

async function startServer(directory, storage) {
  const config = join(directory, 'crashcart.yaml');
  const msd = { storage: { dir: storage, limit: 40 * GB } };
  writeFileSync(config, JSON.stringify({ kvmd: { msd } }));
  const argv = ['run', '--state', directory, '--config', config, '--port', '0'];
  const server = spawn(process.execPath, [join(ROOT, 'packages/server/bundle/main.js'), ...argv], {
    env: { ...process.env, CRASHCART_PASSWORD: PASSWORD },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const line of createInterface({ input: server.stdout })) {
    const url = /^crashcart ready (\S+)$/.exec(line)?.[1];
    if (url) return { server, url };
  }
  throw new Error('The server ended before it was ready');
}

/** Fills the storage with holes of these sizes, so that they cost no room. */
function setImages(storage, images) {
  for (const name of readdirSync(storage)) rmSync(join(storage, name), { recursive: true });
  for (const [name, size] of Object.entries(images)) {
    mkdirSync(dirname(join(storage, name)), { recursive: true });
    makeHole(join(storage, name), size);
  }
}

function makeHole(path, size) {
  writeFileSync(path, '');
  truncateSync(path, size);
}

async function openPage(browser, url, { scheme, viewport, isMobile }) {
  const context = await browser.newContext({
    ...{ ignoreHTTPSErrors: true, viewport, isMobile, hasTouch: isMobile, colorScheme: scheme },
    ...{ deviceScaleFactor: isMobile ? 2 : 1, reducedMotion: 'reduce' },
  });
  const page = await context.newPage();
  await page.goto(url);
  await page.getByRole('textbox', { name: 'Name' }).fill('admin');
  return page;
}

async function failLogIn(page) {
  await page.getByLabel('Password').fill('not this one');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('alert').getByText('Wrong name, password or code').waitFor();
}

async function logIn(page) {
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.locator('#screen').waitFor();
}

/** More pixels than these are lit by the text of a machine that has booted. */
const TEXT_PIXELS = 8_000;

/** How many pixels of the machine's picture are lit. */
function litPixels(page) {
  return page.evaluate(() => {
    const canvas = document.querySelector('canvas.picture');
    const context = canvas?.getContext('2d');
    if (!context) return 0;
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, index) => index % 4 === 1 && value > 96).length;
  });
}

/** Resolves when the picture has text and stays as it is, but for a cursor that blinks. */
async function settled(page) {
  for (let same = 0, before = 0; same < 8; ) {
    const now = await litPixels(page);
    same = now > TEXT_PIXELS && Math.abs(now - before) < 200 ? same + 1 : 0;
    before = now;
    await sleep(500);
  }
}

/** Takes the picture as WebP, with less quality until it is small enough. */
async function shoot(page, view, look) {
  const session = await page.context().newCDPSession(page);
  for (const quality of [85, 70, 50]) {
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality });
    const content = Buffer.from(data, 'base64');
    if (content.length > LIMIT_BYTES && quality > 50) continue;
    writeFileSync(join(OUTPUT, `${view}-${look.name}.webp`), content);
    console.log(`${view}-${look.name}.webp: ${Math.round(content.length / 1_000)} kB`);
    break;
  }
  await session.detach();
}

async function shootAll(wanted, directory, storage) {
  const { server, url } = await startServer(directory, storage);
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none'],
  });
  try {
    for (const look of LOOKS) {
      const page = await openPage(browser, url, look);
      if (wanted('login-error')) {
        await failLogIn(page);
        await shoot(page, 'login-error', look);
      }
      await logIn(page);
      await settled(page);
      const rig = rigOf({ page, url, server, directory, storage });
      await rig.setImages(IMAGES);
      for (const [name, view] of Object.entries(VIEWS)) {
        if (wanted(name)) await shootView(name, view, { page, look, rig });
      }
      await page.context().close();
    }
  } finally {
    await browser.close();
    server.kill('SIGINT');
    await once(server, 'close');
  }
}

/** What a view may do with the server and its storage. */
function rigOf({ page, url, server, directory, storage }) {
  const api = (path) => new URL(`/api/${path}`, url).href;
  const bigFile = join(directory, 'ubuntu-24.04.1-desktop-amd64.iso');
  makeHole(bigFile, 6.2 * GB);
  return {
    ...{ server, bigFile, images: IMAGES },
    async post(path) {
      const answer = await page.request.post(api(path));
      if (!answer.ok()) throw new Error(`${path}: ${await answer.text()}`);
    },
    async setImages(images) {
      setImages(storage, images);
      for (const wanted = Object.keys(images).length; ; await sleep(100)) {
        const { result } = await (await page.request.get(api('msd'))).json();
        if (Object.keys(result.storage.images).length === wanted) return;
      }
    },
  };
}

async function shootView(name, view, { page, look, rig }) {
  try {
    await view.before?.(rig);
    await view.enter(page, rig);
    // Styles, fonts and the picture come to rest.
    await sleep(600);
    await shoot(page, name, look);
    await view.leave(page);
  } catch (error) {
    process.exitCode = 1;
    console.error(`${name}: ${error}`);
    await page.reload();
    await page.locator('#screen').waitFor();
  } finally {
    await view.after?.(rig);
  }
}

const names = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), 'cc-shots-'));
const storage = join(directory, 'images');
mkdirSync(storage);
mkdirSync(OUTPUT, { recursive: true });
try {
  await shootAll((name) => names.length === 0 || names.includes(name), directory, storage);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
