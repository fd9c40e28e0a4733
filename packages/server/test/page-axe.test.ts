import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { violations, withAxe } from './support/axe.ts';
import { launchBrowser } from './support/browser.ts';
import { ServerProcess } from './support/server-process.ts';

/** The machine may have much else to do. */
const WAIT = { timeout: 20_000, interval: 50 };
const PASSWORD = 'correct horse 7';
const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
  { width: 360, height: 740 },
] as const;
const SCHEMES = ['light', 'dark'] as const;
/** What Tab stops at, unless it is hidden. */
const STOPS = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';

let directory: string;
let server: ServerProcess;
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'cc-axe-'));
  [server, browser] = await Promise.all([
    ServerProcess.start(['--state', directory, '--port', '0'], { CRASHCART_PASSWORD: PASSWORD }),
    launchBrowser(),
  ]);
  context = await browser.newContext({ ignoreHTTPSErrors: true, reducedMotion: 'reduce' });
  await withAxe(context);
  page = await context.newPage();
  await page.goto(server.url);
});
afterAll(async () => {
  await browser?.close();
  await server?.end();
  rmSync(directory, { recursive: true, force: true });
});

/** Everything that is wrong with the view as it is, and in which sizes and colours. */
async function faults(view: string): Promise<readonly string[]> {
  const found = new Map<string, string[]>();
  const note = (where: string, all: readonly string[]) => {
    for (const fault of all) found.set(fault, [...(found.get(fault) ?? []), where]);
  };
  for (const size of SIZES) {
    await page.setViewportSize(size);
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      note(`${size.width} ${colorScheme}`, await violations(page));
    }
    note(String(size.width), [...(await outside()), ...(await moving())]);
  }
  return [...found].map(([fault, where]) => `${view} (${where.join(', ')}): ${fault}`);
}

/** What sticks out at the sides, or makes something scroll sideways that should not. */
const outside = () =>
  page.evaluate(() => {
    const name = (it: Element) => `${it.tagName}.${it.className} ${it.textContent?.slice(0, 30)}`;
    const wide = [...document.querySelectorAll('html, body, .drawer, .drawer .body, .bar')]
      .filter((it) => it.scrollWidth > it.clientWidth)
      .map((it) => `scrolls sideways: ${name(it)}`);
    const cut = [...document.querySelectorAll('button:not(.skip), input, select, a, h1, h2')]
      .filter((it) => it.checkVisibility() && it.closest('.hidden') === null)
      .filter((it) => {
        const { left, right } = it.getBoundingClientRect();
        return left < 0 || right > innerWidth + 0.5;
      })
      .map((it) => `is cut: ${name(it)}`);
    return [...wide, ...cut];
  });

/** What moves although motion is not wanted; how long a button is still to be held must be seen. */
const moving = () =>
  page.evaluate(() =>
    [...document.querySelectorAll('*')]
      .filter((it) => it.checkVisibility() && it.closest('.hold, .act-ring') === null)
      .filter((it) => {
        const { transitionDuration, animationName } = getComputedStyle(it);
        return /[1-9]/.test(transitionDuration) || animationName !== 'none';
      })
      .map((it) => `moves: ${it.tagName}.${it.className}`),
  );

/** Tabs through the view once; what Tab does not reach, and where no focus is seen. */
async function tabFaults(view: string): Promise<readonly string[]> {
  await page.evaluate((stops) => {
    for (const it of document.querySelectorAll(stops)) it.removeAttribute('data-reached');
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  }, STOPS);
  const unseen = new Set<string>();
  const limit = (await page.locator(STOPS).count()) + 10;
  for (let step = 0; step < limit; step += 1) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(focused);
    if (at === 'again') break;
    if (at !== undefined) unseen.add(at);
  }
  const missed = await page.evaluate(unreached, STOPS);
  return [
    ...[...unseen].map((name) => `${view}: no focus is seen on ${name}`),
    ...missed.map((name) => `${view}: Tab does not reach ${name}`),
  ];
}

/** Marks what has the focus; its name when that is not seen, `again` when it was here before. */
function focused(): string | undefined {
  const it = document.activeElement;
  if (it === null || it === document.body) return undefined;
  if (it.hasAttribute('data-reached')) return 'again';
  it.setAttribute('data-reached', '');
  const looks = (style: string, width: string) => style !== 'none' && Number.parseFloat(width) >= 2;
  const own = getComputedStyle(it);
  if (looks(own.outlineStyle, own.outlineWidth)) return undefined;
  // The screen's frame is drawn over the picture, by what holds it.
  const frame = it.id === 'screen' ? getComputedStyle(it.closest('.stage') ?? it, '::after') : own;
  if (it.id === 'screen' && looks(frame.borderTopStyle, frame.borderTopWidth)) return undefined;
  return `${it.tagName} ${it.getAttribute('aria-label') ?? it.textContent}`;
}

function unreached(stops: string): string[] {
  const isStop = (it: Element) => {
    if (!it.checkVisibility() || it.matches(':disabled, [tabindex="-1"]')) return false;
    // Of a group of radio buttons the chosen one is the stop.
    return !(it instanceof HTMLInputElement && it.type === 'radio' && !it.checked);
  };
  return [...document.querySelectorAll(stops)]
    .filter((it) => isStop(it) && !it.hasAttribute('data-reached'))
    .map((it) => `${it.tagName} ${it.getAttribute('aria-label') ?? it.textContent}`);
}

const visible = (selector: string) => page.locator(selector).filter({ visible: true });

it('the login has no fault, with and without an error', async () => {
  await page.getByLabel('Password').waitFor();
  expect(await faults('login')).toEqual([]);
  expect(await tabFaults('login')).toEqual([]);
  await page.getByRole('textbox', { name: 'Name' }).fill('admin');
  await page.getByLabel('Password').fill('wrong');
  await page.keyboard.press('Enter');
  await page.getByText('Wrong name, password or code.').waitFor();
  expect(await faults('login with an error')).toEqual([]);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.locator('#screen').waitFor();
});

it('the screen has no fault, free and captured', async () => {
  await expect
    .poll(() => page.getByRole('status', { name: 'Status' }).textContent(), WAIT)
    .toBe('Running');
  expect(await faults('screen')).toEqual([]);
  expect(await tabFaults('screen')).toEqual([]);
  await page.locator('#screen').focus();
  await page.keyboard.press('Enter');
  await page.locator('#screen[data-captured=true]').waitFor();
  expect(await faults('captured screen')).toEqual([]);
  await page.keyboard.press('ControlRight');
});

it('no panel has a fault, each is reached and left by keyboard', async () => {
  const found: string[] = [];
  await page.setViewportSize(SIZES[0]);
  const buttons = visible('.bar [aria-controls^="panel-"]');
  const names = await buttons.evaluateAll((all) => all.map((it) => it.id.replace('open-', '')));
  expect(names).toContain('more');
  for (const name of names) {
    await openFromBar(name);
    found.push(...(await panelFaults(name)));
  }
  await openFromBar('more');
  const entries = page.locator('#panel-more .more button:not(:has-text("Log out")) .label');
  const titles = await entries.allTextContents();
  expect(titles).toEqual(expect.arrayContaining(['Health', 'Log', 'Sessions']));
  for (const title of titles) {
    if ((await page.locator('#panel-more').count()) === 0) await openFromBar('more');
    await page.locator('#panel-more button', { hasText: title }).first().focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: title, exact: true }).waitFor();
    found.push(...(await panelFaults(title.toLowerCase())));
  }
  expect(found).toEqual([]);
});

it('the on-screen keyboard has no fault', async () => {
  await openFromBar('keys');
  await page.getByRole('switch', { name: 'On-screen keyboard' }).press('Space');
  await page.locator('section.dock').waitFor();
  await page.locator('#panel-keys').press('Escape');
  const found = [...(await faults('keyboard')), ...(await tabFaults('keyboard'))];
  expect(found).toEqual([]);
  await openFromBar('keys');
  await page.getByRole('switch', { name: 'On-screen keyboard' }).press('Space');
  await page.locator('section.dock').waitFor({ state: 'detached' });
  await page.locator('#panel-keys').press('Escape');
});

it('the palette has no fault', async () => {
  await page.setViewportSize(SIZES[0]);
  await visible('#open-palette').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('combobox').waitFor();
  expect(await faults('palette')).toEqual([]);
});

async function openFromBar(name: string): Promise<void> {
  await page.setViewportSize(SIZES[0]);
  await page.locator(`#open-${name}`).focus();
  await page.keyboard.press('Enter');
  await page.locator(`#panel-${name}`).waitFor();
  // The content is loaded when it is first wanted.
  await page.locator(`#panel-${name} .body > :not(.note:only-child)`).first().waitFor();
}

/** Audits the open panel, closes it by Escape, and looks where the focus goes then. */
async function panelFaults(name: string): Promise<readonly string[]> {
  const found = [...(await faults(name)), ...(await tabFaults(name))];
  await page.locator(`#panel-${name}`).focus();
  await page.keyboard.press('Escape');
  await page.locator(`#panel-${name}`).waitFor({ state: 'detached' });
  const focusedId = await page.evaluate(() => document.activeElement?.id);
  if (focusedId?.startsWith('open-') !== true) found.push(`${name}: loses the focus when closed`);
  return found;
}
