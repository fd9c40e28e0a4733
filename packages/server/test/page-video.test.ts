import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { violations, withAxe } from './support/axe.ts';
import { launchBrowser } from './support/browser.ts';
import { SerialLine, testGuest } from './support/guest.ts';
import { logInTo, PageRig } from './support/page-rig.ts';
import { canvasText } from './support/screen-text.ts';

const WAIT = { timeout: 30_000, interval: 200 };

/** Makes the guest's console draw a block where its tablet points: what gpm does, of a mouse. */
const DRAW_POINTER = `draw() {
for name in /sys/class/input/event*/device/name; do
case "$(cat $name)" in *Tablet*) exec 3< /dev/input/$(basename $(dirname $(dirname $name)));; esac
done
printf '\\033[?25l'
while set -- $(dd bs=24 count=1 <&3 2>/dev/null | hexdump -v -e '4/4 "%u " " " 1/2 "%u" " " 1/2 "%u" " " 1/4 "%d"'); do
case $5.$6 in
3.0) x=$(($7 * 79 / 32767 + 1));;
3.1) y=$(($7 * 24 / 32767 + 1));;
0.0) printf '\\033[2J\\033[%d;%dH\\033[7m   \\033[0m' $y $x;;
esac
done
}
draw > /dev/tty1 &
echo the pointer is "drawn"`;

let browser: Browser;
let page: Page;
let url: string;
let serial: SerialLine;
/** What the server's first message of the media socket still offers, as the page gets it. */
let offered: readonly string[];
const rig = new PageRig();

beforeAll(async () => {
  browser = await launchBrowser();
  const { kernel, initrd, append } = testGuest();
  const extraArgs = ['-kernel', kernel, '-initrd', initrd, '-append', append];
  url = await rig.start({ qemu: { accel: 'tcg', memory: 256, extra_args: extraArgs } });
  serial = new SerialLine(join(rig.directory, 'machines/default/serial.sock'));
  await serial.waitFor(/guest# /, 60_000);
});
afterAll(async () => {
  serial?.close();
  await rig.close();
  await browser?.close();
});
afterEach(() => page?.context().close());

async function openPage(viewport = { width: 1280, height: 800 }): Promise<() => void> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport });
  await withAxe(context);
  page = await context.newPage();
  const ends: (() => void)[] = [];
  await page.routeWebSocket(/api\/media\/ws/, (socket) => {
    const server = socket.connectToServer();
    ends.push(() => void socket.close({ code: 1011 }));
    server.onMessage((message) => {
      if (typeof message !== 'string') socket.send(message);
      else socket.send(withOnly(offered, message));
    });
  });
  await logInTo(page, url);
  return () => {
    for (const end of ends.splice(0)) end();
  };
}

function withOnly(formats: readonly string[], text: string): string {
  const message = JSON.parse(text) as { event: { video: Record<string, unknown> } };
  const entries = Object.entries(message.event.video);
  const video = Object.fromEntries(entries.filter(([format]) => formats.includes(format)));
  return JSON.stringify({ ...message, event: { video } });
}

const figures = () => page.locator('.figures').textContent();
const overlay = () => page.getByRole('region', { name: 'Figures of the picture' });
const row = async (name: string) =>
  (await overlay().locator('dl div', { hasText: name }).locator('dd').textContent()) ?? '';

const told = () => overlay().getByRole('status').textContent();

/** Shows them by the host key, and lets the keyboard go again. */
async function showFigures(): Promise<void> {
  await expect
    .poll(() => page.getByRole('status', { name: 'Status' }).textContent(), WAIT)
    .toBe('Running');
  await page.locator('#screen').focus();
  await page.keyboard.press('Enter');
  await page.locator('#screen[data-captured=true]').waitFor();
  await page.keyboard.down('ControlRight');
  await page.keyboard.press('KeyF');
  await page.keyboard.up('ControlRight');
  await overlay().waitFor();
  await page.keyboard.press('ControlRight');
}

/** Measures with the probe that is chosen. */
async function measure(what: string): Promise<void> {
  await overlay().getByRole('button', { name: 'Measure' }).click();
  await expect.poll(told, WAIT).toMatch(/^\d+ ms, the middle of [3-6] tries\.$/);
  process.stdout.write(`from ${what} to its pixels: ${await told()}\n`);
}

async function openScreenPanel() {
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('button', { name: /^Screen/ }).click();
  return page.getByRole('dialog', { name: 'Screen' });
}

it('shows H.264 where there are no tiles, and goes on by MJPEG when that ends, with words', async () => {
  offered = ['h264', 'jpeg'];
  const endStreams = await openPage();
  const whep = /api\/media\/whep/;
  await page.route(whep, (route) => route.fulfill({ status: 503, body: 'no WebRTC' }));
  await expect.poll(figures, WAIT).toContain('H.264');
  await expect.poll(() => canvasText(page), WAIT).toContain('BusyBox');
  const dialog = await openScreenPanel();
  await expect
    .poll(() => dialog.textContent())
    .toMatch(/WebCodecs.*Not Tiles: the server does not/);
  offered = ['jpeg'];
  endStreams();
  await expect.poll(figures, WAIT).toContain('MJPEG');
  await expect
    .poll(() => page.evaluate(() => document.querySelector('img')?.naturalWidth), WAIT)
    .toBe(720);
  await expect
    .poll(() => dialog.textContent())
    .toContain('Not H.264: the server does not offer it');
  offered = ['h264', 'jpeg', 'tiles'];
  await dialog.getByRole('button', { name: 'Try better ways again' }).click();
  await expect.poll(() => dialog.textContent()).toContain('Tiles: only what changed is sent.');
  await dialog.getByText('H.264', { exact: true }).click();
  await expect.poll(() => dialog.textContent()).toContain('You chose this way.');
  await expect.poll(figures, WAIT).toContain('H.264');
});

it('shows figures of the stream, and measures from a key to its pixels', async () => {
  offered = ['h264', 'jpeg', 'tiles'];
  await openPage();
  await showFigures();
  await expect.poll(() => row('Picture'), WAIT).toBe('Tiles 720×400');
  await expect
    .poll(async () => Number.parseFloat(await row('Round trip')), WAIT)
    .toBeGreaterThan(0);
  for (const [key, words] of [
    ['Space', 'Presses it and Backspace, three times each.'],
    ['X', 'Presses it and Backspace, three times each.'],
    ['Home', 'Presses it and End, three times each.'],
  ] as const) {
    await overlay().getByRole('combobox').selectOption(`Press ${key}`);
    await expect.poll(told, WAIT).toBe(words);
  }
  await overlay().getByRole('combobox').selectOption('Press X');
  await measure('a letter');
  for (const size of [1280, 360]) {
    await page.setViewportSize({ width: size, height: 740 });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await violations(page)).toEqual([]);
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  await overlay().getByRole('button', { name: 'Hide figures' }).press('Enter');
  await overlay().waitFor({ state: 'detached' });
});

it('measures from a move to the pointer that the guest draws', async () => {
  offered = ['h264', 'jpeg', 'tiles'];
  serial.send(DRAW_POINTER);
  await serial.waitFor(/the pointer is drawn/);
  await openPage();
  await showFigures();
  await overlay().getByRole('combobox').selectOption('Move the pointer');
  await measure('a move');
});
