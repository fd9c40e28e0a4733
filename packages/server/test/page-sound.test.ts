import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { violations, withAxe } from './support/axe.ts';
import { launchBrowser } from './support/browser.ts';
import { SerialLine, testGuest } from './support/guest.ts';
import { startHearing, untilHeard, untilSilent } from './support/hearing-page.ts';
import { logInTo, PageRig } from './support/page-rig.ts';

const WAIT = { timeout: 30_000, interval: 200 };

let browser: Browser;
let page: Page;
let url: string;
const rig = new PageRig();
const { kernel, initrd, append } = testGuest();
const extra_args = ['-kernel', kernel, '-initrd', initrd, '-append', append];

beforeAll(async () => {
  browser = await launchBrowser();
  url = await rig.start({ qemu: { accel: 'tcg', memory: 256, extra_args } });
});
afterAll(async () => {
  await rig.close();
  await browser?.close();
});
afterEach(() => page?.context().close());

async function openScreenPanel(at: string) {
  const viewport = { width: 1280, height: 800 };
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport });
  await withAxe(context);
  page = await context.newPage();
  await logInTo(page, at);
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('button', { name: /^Screen/ }).click();
  return page.getByRole('dialog', { name: 'Screen' });
}

const figures = () => page.locator('.figures').textContent();

it('plays the sound once it is turned on, however the picture comes, until it is turned off', async () => {
  const serial = new SerialLine(join(rig.directory, 'machines/default/serial.sock'));
  await serial.waitFor(/guest# /, 60_000);
  const dialog = await openScreenPanel(url);
  const player = page.locator('audio');
  expect(await player.count()).toBe(0);
  await dialog.getByRole('switch', { name: 'Hear the machine' }).check();
  await player.waitFor({ state: 'attached' });
  const plays = () => player.evaluate((each: HTMLAudioElement) => !each.paused && !each.muted);
  await expect.poll(plays, WAIT).toBe(true);
  await page.evaluate(startHearing, 'audio');
  await expect.poll(() => dialog.textContent(), WAIT).toContain('Tiles: only what changed');
  serial.send('beep 440 1900');
  await untilHeard(page, 440);
  await untilSilent(page);
  await dialog.getByText('H.264', { exact: true }).click();
  await expect.poll(figures, WAIT).toContain('H.264');
  serial.send('beep 880 1900');
  await untilHeard(page, 880);
  await dialog.getByRole('slider').fill('30');
  const volume = () => player.evaluate((each: HTMLAudioElement) => each.volume);
  await expect.poll(volume).toBeCloseTo(0.3);
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 740 });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await violations(page)).toEqual([]);
    }
  }
  await dialog.getByRole('switch', { name: 'Hear the machine' }).uncheck();
  await player.waitFor({ state: 'detached' });
  serial.close();
});

it('says why there is none', async () => {
  await using mute = new PageRig();
  const there = await mute.start({ qemu: { accel: 'tcg', memory: 64, sound: false } });
  const dialog = await openScreenPanel(there);
  await expect.poll(() => dialog.textContent(), WAIT).toContain('This QEMU has no sound');
  expect(await dialog.getByRole('switch', { name: 'Hear the machine' }).count()).toBe(0);
});
