import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from './support/browser.ts';
import { consoleKeymaps } from './support/console-keymaps.ts';
import { Fingers } from './support/fingers.ts';
import { logInTo, PageRig } from './support/page-rig.ts';
import { canvasText } from './support/screen-text.ts';
import { buildTestIso } from './support/test-iso.ts';

const DESK = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
const WAIT = { timeout: 60_000, interval: 300 };

const files = mkdtempSync(join(tmpdir(), 'cc-reinstall-'));
const iso = join(files, 'install.iso');
let browser: Browser;

beforeAll(async () => {
  buildTestIso(iso, consoleKeymaps());
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  rmSync(files, { recursive: true });
});

describe.each([
  ['a desk', DESK],
  ['a phone', PHONE],
])('a machine is installed anew from %s', (_name, viewport) => {
  const isPhone = viewport === PHONE;
  const rig = new PageRig();
  let page: Page;

  beforeAll(async () => {
    const url = await rig.start({ qemu: { accel: 'tcg', memory: 384 } });
    const context = await browser.newContext({
      ...{ ignoreHTTPSErrors: true, viewport, isMobile: isPhone, hasTouch: isPhone },
    });
    page = await context.newPage();
    await logInTo(page, url);
  });
  afterAll(async () => {
    await page?.context().close();
    await rig.close();
  });

  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const panel = (name: string) => page.getByRole('dialog', { name, exact: true });
  const press = (name: string) => (isPhone ? button(name).tap() : button(name).click());
  const drive = () => page.getByRole('region', { name: 'In the drive' });
  const screen = () => canvasText(page);

  /** Holds a button down, by a finger on the phone, until what it does is done. */
  async function hold(name: string, done: () => Promise<unknown>): Promise<void> {
    await button(name).scrollIntoViewIfNeeded();
    if (!isPhone) {
      await button(name).hover();
      await page.mouse.down();
      await done();
      await page.mouse.up();
      return;
    }
    const box = await button(name).boundingBox();
    if (!box) throw new Error(`${name} is not to be seen`);
    const fingers = await Fingers.on(page);
    await fingers.down({ x: box.x + box.width / 2, y: box.y + box.height / 2 });
    await done();
    await fingers.up();
  }

  it('uploads an image and boots from it', async () => {
    await press('Drive');
    await panel('Drive').locator('input[type=file]').setInputFiles(iso);
    await press('Use it');
    await hold('Boot from it', () => panel('Drive').waitFor({ state: 'detached' }));
    await expect.poll(screen, { ...WAIT, timeout: 120_000 }).toContain('guest is ready');
  });

  // A wrong layout would neither give these words nor run the command at all.
  it.each([
    ['us', 'en-us', 'echo "us: $((6*7)) <zy> {QA} [m,w]"', /us: 42 <zy> [{(]QA[})] \[m,w\]/],
    ['de', 'de', 'echo "de: $((6*7)) <yz> YZ (/&?+#)"', /de: 42 <yz> YZ \(\/&\?\+#\)/],
    ['fr', 'fr', 'echo "fr: $((6*7)) aqzwm AQZWM (1-2)"', /fr: 42 aqzwm AQZWM \(1-2\)/],
  ])('types text on a machine with the layout %s', async (name, layout, command, shown) => {
    await press('Type text');
    await typeText(before(name), `clear; kmap ${name}\n`);
    await typeText(layout, `${command}\n`);
    await press('Close Type text');
    await expect.poll(screen, WAIT).toMatch(shown);
  });

  /** The layout that the machine has until it is given this one. */
  const before = (name: string) => ({ us: 'en-us', de: 'en-us', fr: 'de' })[name] ?? '';

  async function typeText(layout: string, text: string): Promise<void> {
    await page.getByLabel('Layout that the machine has').selectOption(layout);
    await page.getByRole('textbox', { name: 'Text', exact: true }).fill(text);
    await press('Type it');
    await page.getByText(`${text.length} characters typed.`).waitFor();
  }

  it('ejects the image and gives it back bit by bit', async () => {
    await press('Drive');
    await press('Back to the images');
    await press('Eject');
    await expect.poll(() => drive().textContent(), WAIT).toContain('The drive is empty.');
    await page
      .getByRole('list', { name: 'Images' })
      .getByRole('button', { name: /^install\.iso/ })
      .click();
    const downloading = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download' }).click();
    const path = await (await downloading).path();
    expect(readFileSync(path).equals(readFileSync(iso))).toBe(true);
  });
});
