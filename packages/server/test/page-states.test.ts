import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { launchBrowser } from './support/browser.ts';
import { FakeQmp } from './support/fake-qmp.ts';
import { logInTo, PageRig } from './support/page-rig.ts';

/** What login and screen may weigh as served, in bytes. */
const MAX_BYTES = 150_000;
const WAIT = { timeout: 30_000, interval: 100 };

let browser: Browser;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());
afterEach(() => page?.context().close());

async function openPage(): Promise<void> {
  const viewport = { width: 390, height: 844 };
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport });
  page = await context.newPage();
}

const status = () => page.getByRole('status', { name: 'Status' }).textContent();
const notice = () => page.locator('.notice > span:last-child').textContent();

it('says why a machine cannot be started, and where there is more', async () => {
  await using rig = new PageRig();
  const url = await rig.start({}, { PATH: rig.directory });
  await openPage();
  await logInTo(page, url);
  const reason =
    /^The machine does not work: The program \S+ is not installed\. See Log, under More\.$/;
  await expect.poll(status, WAIT).toMatch(reason);
  expect(await notice()).toMatch(reason);
});

it('says since when there is no picture, that the server restarts, and that a session is over', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cc-qmp-'));
  await using qmp = await FakeQmp.start(join(folder, 'qmp.sock'));
  await using rig = new PageRig();
  const attach = { qmp: qmp.path, vnc: join(folder, 'nobody.sock') };
  const url = await rig.start({ qemu: { attach } });
  await openPage();
  await logInTo(page, url);
  await expect
    .poll(status, WAIT)
    .toMatch(/^No signal since \d\d:\d\d\. Waiting for the screen of the machine\.$/);
  // Nothing shifts: the bar is as high as ever, and the sentence is there whole.
  const bar = await page.locator('header.bar').boundingBox();
  expect(bar?.height).toBe(44);

  await rig.server?.end();
  await expect.poll(status, WAIT).toMatch(/^The server restarts, trying again \(\d+\)\.$/);
  expect(await notice()).toMatch(/^The server restarts/);
  await rig.restart(new URL(url).port);
  await page.getByRole('textbox', { name: 'Name' }).waitFor();
  expect(await page.locator('form').textContent()).toContain('Your session ended');
  rmSync(folder, { recursive: true, force: true });
});

it('weighs less than 150 kB with login and screen, packed', async () => {
  await using rig = new PageRig();
  const url = await rig.start({}, { PATH: rig.directory });
  await openPage();
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  const files = new Map<string, { readonly name: string; readonly coding: string | undefined }>();
  const finished = new Map<string, number>();
  session.on('Network.responseReceived', ({ requestId, response, type }) => {
    if (!['Document', 'Script', 'Stylesheet', 'Image'].includes(type)) return;
    const coding = response.headers['content-encoding'];
    files.set(requestId, { name: new URL(response.url).pathname, coding });
  });
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    finished.set(requestId, encodedDataLength);
  });
  await logInTo(page, url);
  await expect.poll(() => [...files.keys()].every((id) => finished.has(id)), WAIT).toBe(true);
  const bytes = [...files.keys()].reduce((sum, id) => sum + (finished.get(id) ?? 0), 0);
  const scripts = [...files.values()].filter(({ name }) => name.endsWith('.js'));
  expect(scripts.length).toBeGreaterThan(0);
  // Over TLS, as here, every browser takes Brotli.
  expect(scripts.some(({ name, coding }) => /\/index-/.test(name) && coding !== 'br')).toBe(false);
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThan(MAX_BYTES);
});
