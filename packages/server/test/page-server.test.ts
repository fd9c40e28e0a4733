import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogLine } from '../src/info/log-reader.ts';
import { loadPage } from '../src/page.ts';
import { launchBrowser } from './support/browser.ts';
import { FrontRig } from './support/front-rig.ts';
import { ServerProcess } from './support/server-process.ts';

/** The machine may have much else to do. */
const WAIT = { timeout: 20_000, interval: 50 };
const PASSWORD = 'correct horse 7';
const PHONE = { width: 390, height: 844 };

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());

async function logIn(url: string, password: string, userAgent?: string): Promise<Page> {
  const context = await browser.newContext({
    ...{ ignoreHTTPSErrors: true, viewport: PHONE },
    ...(userAgent === undefined ? {} : { userAgent }),
  });
  const page = await context.newPage();
  await page.goto(url);
  await page.getByRole('textbox', { name: 'Name' }).fill('admin');
  await page.getByLabel('Password').fill(password);
  await page.keyboard.press('Enter');
  await page.locator('#screen').waitFor();
  return page;
}

/** Opens a panel of More by keyboard alone. */
async function openPanel(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'More' }).focus();
  await page.keyboard.press('Enter');
  const entry = page.locator('#panel-more button', { hasText: name }).first();
  await entry.waitFor();
  for (let step = 0; !(await entry.evaluate((it) => it === document.activeElement)); step += 1) {
    if (step === 20) throw new Error(`Tab does not reach ${name}`);
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name }).waitFor();
}

describe('a server that was just installed', () => {
  let directory: string;
  let server: ServerProcess;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'cc-panels-'));
    const argv = ['--state', directory, '--port', '0'];
    server = await ServerProcess.start(argv, { CRASHCART_PASSWORD: PASSWORD });
  });
  afterAll(async () => {
    await server?.end();
    rmSync(directory, { recursive: true, force: true });
  });

  it('shows who is logged in; ending one throws it out, ending one’s own logs out', async () => {
    const desk = await logIn(server.url, PASSWORD, 'Mozilla/5.0 (Windows NT 10.0) Firefox/140.0');
    const phone = await logIn(server.url, PASSWORD);
    await openPanel(phone, 'Sessions');
    const rows = phone.getByRole('listitem');
    await expect.poll(() => rows.count(), WAIT).toBe(2);
    expect(await rows.nth(0).textContent()).toContain('This one');
    await expect
      .poll(() => rows.nth(1).textContent(), WAIT)
      .toMatch(/Firefox on Windows.*Connected now/);
    await phone.getByRole('button', { name: 'End Firefox on Windows' }).focus();
    await phone.keyboard.press('Enter');
    await desk.getByText('Your session ended').waitFor();
    await desk.getByLabel('Password').waitFor();
    await expect.poll(() => rows.count(), WAIT).toBe(1);
    await phone.getByRole('button', { name: 'Log out here' }).press('Enter');
    await phone.getByText('You are logged out.').waitFor();
    const check = await phone.request.get(new URL('/api/auth/check', server.url).href);
    expect(check.status()).toBe(403);
    await Promise.all([desk.context().close(), phone.context().close()]);
  });

  it('tells its health and the versions of what works in it', async () => {
    const page = await logIn(server.url, PASSWORD);
    await openPanel(page, 'Health');
    const fact = (name: string) =>
      page
        .locator('.facts > div', { has: page.getByText(name, { exact: true }) })
        .locator('dd')
        .textContent();
    expect(await fact('Memory')).toMatch(/\d [MG]B of .*[MG]B used/);
    expect(await fact('QEMU')).toMatch(/^\d+\.\d+\.\d+$/);
    expect(await fact('Drivers')).toContain('qemu');
    expect(await fact('Box runs for')).toMatch(/\d+ min/);
    await page.keyboard.press('Escape');
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.id), WAIT)
      .toBe('open-more');
    await page.context().close();
  });

  it('shows its log as it grows, and gives all of it as a file', async () => {
    const page = await logIn(server.url, PASSWORD);
    await openPanel(page, 'Log');
    const lines = page.locator('.log .line');
    await page.getByText('Listening (').waitFor();
    await page.getByLabel('Levels').selectOption('Warnings and errors');
    await expect.poll(() => page.getByText('Listening (').count(), WAIT).toBe(0);
    const wrong = { form: { user: 'admin', passwd: 'wrong' } };
    await page.request.post(new URL('/api/auth/login', server.url).href, wrong);
    await expect.poll(() => lines.last().textContent(), WAIT).toContain('Warning: Refused a login');
    await page.getByRole('searchbox', { name: 'Search the log' }).fill('refused NOWHERE');
    await page.getByText('No line has these words and this level.').waitFor();
    await page.getByRole('searchbox', { name: 'Search the log' }).fill('REFUSED');
    await expect.poll(() => page.locator('.log mark').allTextContents(), WAIT).toEqual(['Refused']);
    const downloading = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download the whole log' }).press('Enter');
    const download = await downloading;
    expect(download.suggestedFilename()).toMatch(/\.log$/);
    const text = readFileSync(await download.path(), 'utf8');
    expect(text).toMatch(/INFO: Listening \(/);
    expect(text).toMatch(/WARN: Refused a login \(user=admin address=127\.0\.0\.1\)/);
    expect(text).not.toContain(PASSWORD);
    await page.context().close();
  });
});

describe('a log of 10,000 lines', () => {
  const COUNT = 10_000;
  let rig: FrontRig;
  let page: Page;
  let more: (message: string) => void = () => {};

  async function* lines(signal: AbortSignal): AsyncGenerator<LogLine> {
    const unit = 'crashcart.service';
    const line = (message: string, atMs = Date.now()) => ({ atMs, unit, message });
    const level = (n: number) => (n % 100 === 0 ? 'ERROR' : 'INFO');
    for (let n = 1; n <= COUNT; n += 1) {
      const text = `Request ${n} (method=POST path=/api/somewhere/far status=200 ms=3)`;
      yield line(`${level(n)}: ${text}`, n <= 50 ? Date.now() - 86_400_000 : Date.now());
    }
    while (!signal.aborted) {
      yield line(
        await new Promise<string>((resolve) => {
          more = resolve;
          signal.addEventListener('abort', () => resolve('INFO: over'), { once: true });
        }),
      );
    }
  }

  beforeAll(async () => {
    const built = await loadPage();
    if (!built) throw new Error('The page is not built');
    rig = await FrontRig.start({
      http: { page: built, logReader: { read: ({ signal }) => lines(signal) } },
    });
    page = await logIn(rig.url, 'admin');
    await openPanel(page, 'Log');
  });
  afterAll(async () => {
    await page?.context().close();
    await rig?.close();
  });

  /** Whether a line with this text is in sight. */
  const isShown = (text: string) =>
    page.locator('.log').evaluate((log, part) => {
      const { top, bottom } = log.getBoundingClientRect();
      return [...log.querySelectorAll('.line')].some((line) => {
        if (!line.textContent?.includes(part)) return false;
        const box = line.getBoundingClientRect();
        return box.bottom > top && box.top < bottom;
      });
    }, text);

  it('is there whole, at its newest line, and follows it', async () => {
    await page.getByText('10,000 lines').waitFor();
    await expect.poll(() => isShown('Request 10000 ('), WAIT).toBe(true);
    more('WARN: one more');
    await expect
      .poll(() => page.locator('.log .line').last().textContent(), WAIT)
      .toContain('one more');
    const atEnd = () =>
      page.locator('.log').evaluate((it) => it.scrollHeight - it.scrollTop - it.clientHeight < 2);
    await expect.poll(atEnd, WAIT).toBe(true);
  });

  // The first line had to go for the one more.
  it('names the days at its beginning', async () => {
    await page.locator('.log').press('Home');
    await expect.poll(() => isShown('Request 2 ('), WAIT).toBe(true);
    const days = await page.locator('.log .day').allTextContents();
    expect(days).toHaveLength(2);
    expect(days).toEqual(days.toSorted());
    await page.locator('.log').press('End');
    await expect.poll(() => isShown('one more'), WAIT).toBe(true);
  });

  it('stays where one reads, and waits while it is paused', async () => {
    await page.locator('.log').hover();
    await page.mouse.wheel(0, -3_000);
    await expect.poll(() => isShown('Request 10000 ('), WAIT).toBe(false);
    await page.getByRole('button', { name: 'Pause' }).click();
    more('INFO: while paused');
    await page.getByText('paused, 1 line more since').waitFor();
    expect(await page.getByText('while paused').count()).toBe(0);
    await page.getByRole('button', { name: 'Pause' }).click();
    await expect.poll(() => page.getByText('while paused').count(), WAIT).toBe(1);
  });

  it('is searched and scrolled without a stutter', async () => {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
    /** Time that the page computed, ms; what other programs do does not count. */
    const busyMs = async () => {
      const { metrics } = await cdp.send('Performance.getMetrics');
      return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN);
    };
    const costOf = async (act: () => Promise<void>) => {
      const before = await busyMs();
      await act();
      return (await busyMs()) - before;
    };
    const search = page.getByRole('searchbox', { name: 'Search the log' });
    const found = Array.from({ length: COUNT }, (_, n) => n + 1).filter((n) =>
      String(n).includes('77'),
    ).length;
    const find = await costOf(async () => {
      await search.fill('request 77');
      await page.getByText(`${found} of 10,000 lines`).waitFor();
    });
    const clear = await costOf(async () => {
      await search.fill('');
      await page.getByText('10,000 lines').waitFor();
    });
    const STEPS = 50;
    const scroll = await costOf(async () => {
      for (let step = 0; step < STEPS; step += 1) {
        await page.mouse.wheel(0, step % 2 === 0 ? -1_500 : 1_400);
        await page.evaluate(() => new Promise(requestAnimationFrame));
      }
    });
    expect(find).toBeLessThan(250);
    expect(clear).toBeLessThan(250);
    expect(scroll / STEPS).toBeLessThan(16);
  });
});
