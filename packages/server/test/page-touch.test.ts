import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { violations, withAxe } from './support/axe.ts';
import { launchBrowser } from './support/browser.ts';
import { Fingers, type Spot } from './support/fingers.ts';
import { SerialLine, testGuest } from './support/guest.ts';
import { logInTo, PageRig } from './support/page-rig.ts';
import { jpegText } from './support/screen-text.ts';

const WAIT = { timeout: 30_000, interval: 100 };
const PHONE = { width: 390, height: 844 };

let browser: Browser;
let page: Page;
let fingers: Fingers;
let url: string;
let serial: SerialLine;
const rig = new PageRig();

beforeAll(async () => {
  browser = await launchBrowser();
  const { kernel, initrd, append } = testGuest();
  const extraArgs = ['-kernel', kernel, '-initrd', initrd, '-append', append];
  url = await rig.start({ qemu: { accel: 'tcg', memory: 256, extra_args: extraArgs } });
  serial = new SerialLine(join(rig.directory, 'machines/default/serial.sock'));
  await serial.waitFor(/guest# /, 60_000);
  serial.send('events');
  await serial.waitFor(/watching all/);
});
afterAll(async () => {
  serial?.close();
  await rig.close();
  await browser?.close();
});
afterEach(() => page?.context().close());

/** The page on a phone, or on a desk where the test says so. */
async function openPage(viewport = PHONE, isMobile = true): Promise<void> {
  const context = await browser.newContext({
    ...{ ignoreHTTPSErrors: true, viewport, isMobile, hasTouch: isMobile, acceptDownloads: true },
  });
  await withAxe(context);
  page = await context.newPage();
  fingers = await Fingers.on(page);
}

async function logIn(): Promise<void> {
  await logInTo(page, url);
  await expect.poll(status, WAIT).toBe('Running');
  await expect.poll(pictureWidth, WAIT).toBeGreaterThan(300);
}

const status = () => page.getByRole('status', { name: 'Status' }).textContent();
const button = (name: string) => page.getByRole('button', { name, exact: true });
const pictureWidth = () =>
  page.evaluate(() => document.querySelector<HTMLCanvasElement>('canvas.picture')?.width ?? 0);

/** Input as the guest got it since `from`, as `device type code value`. */
const events = (from: number) =>
  [...serial.text.slice(from).matchAll(/EV (\w+) \d+ \d+ \d+ \d+ (\d+ \d+ -?\d+)/g)].map(
    ([, device, event]) => `${device} ${event}`,
  );
/** Buttons and keys in their order. */
const pressed = (from: number) => events(from).filter((each) => / 1 \d+ [01]$/.test(each));
const LEFT = 'tablet 1 272';
const RIGHT = 'tablet 1 273';

/** Where the guest's pointer is, as shares of its screen; an axis that stays tells nothing. */
function pointerAt(): Spot {
  const all = events(0);
  const axis = (code: number) => {
    const last = all.findLast((each) => each.startsWith(`tablet 3 ${code} `));
    return Number(last?.split(' ')[3]) / 32767;
  };
  return { x: axis(0), y: axis(1) };
}

/** The picture inside its element, without the borders. */
async function pictureBox() {
  return page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('canvas.picture');
    if (canvas === null) throw new Error('no picture');
    const box = canvas.getBoundingClientRect();
    const ratio = Math.min(box.width / canvas.width, box.height / canvas.height);
    const [width, height] = [canvas.width * ratio, canvas.height * ratio];
    const x = box.left + (box.width - width) / 2;
    return { x, y: box.top + (box.height - height) / 2, width, height };
  });
}

/** A point of the picture by its shares. */
async function at(x: number, y: number): Promise<Spot> {
  const box = await pictureBox();
  return { x: box.x + box.width * x, y: box.y + box.height * y };
}

function near(spot: Spot, x: number, y: number): void {
  expect(spot.x).toBeCloseTo(x, 1.8);
  expect(spot.y).toBeCloseTo(y, 1.8);
}

describe('fingers on a phone', () => {
  beforeEach(async () => {
    await openPage();
    await logIn();
  });

  it('click where they tap, drag, hold and tap with two for a right click, scroll', async () => {
    let from = serial.text.length;
    await fingers.tap(await at(0.25, 0.5));
    await expect.poll(() => pressed(from), WAIT).toEqual([`${LEFT} 1`, `${LEFT} 0`]);
    near(pointerAt(), 0.25, 0.5);

    from = serial.text.length;
    await fingers.swipe([await at(0.25, 0.25)], [await at(0.75, 0.5)]);
    await expect.poll(() => pressed(from), WAIT).toEqual([`${LEFT} 1`, `${LEFT} 0`]);
    near(pointerAt(), 0.75, 0.5);
    const all = events(from);
    const moves = all.slice(all.indexOf(`${LEFT} 1`), all.indexOf(`${LEFT} 0`));
    expect(moves.filter((each) => each.startsWith('tablet 3 0 ')).length).toBeGreaterThan(2);

    from = serial.text.length;
    await fingers.down(await at(0.5, 0.25));
    await expect.poll(() => pressed(from), WAIT).toEqual([`${RIGHT} 1`, `${RIGHT} 0`]);
    await fingers.up();
    near(pointerAt(), 0.5, 0.25);

    from = serial.text.length;
    const two = [await at(0.4, 0.5), await at(0.6, 0.5)];
    await fingers.tap(...two);
    await expect.poll(() => pressed(from), WAIT).toEqual([`${RIGHT} 1`, `${RIGHT} 0`]);
    near(pointerAt(), 0.5, 0.5);

    from = serial.text.length;
    const lower = two.map(({ x, y }) => ({ x, y: y + 60 }));
    await fingers.swipe(two, lower);
    await expect.poll(() => events(from), WAIT).toContain('tablet 2 8 1');
    await fingers.swipe(lower, two);
    await expect.poll(() => events(from), WAIT).toContain('tablet 2 8 -1');
    expect(pressed(from)).toEqual([]);
  });

  it('pinch the view, and still click where they tap', async () => {
    const whole = await pictureBox();
    const middle = await at(0.5, 0.5);
    const spread = (px: number) => [
      { x: middle.x - px, y: middle.y },
      { x: middle.x + px, y: middle.y },
    ];
    await fingers.swipe(spread(30), spread(90));
    const zoomed = await pictureBox();
    expect(zoomed.width / whole.width).toBeGreaterThan(2);
    const from = serial.text.length;
    await fingers.tap(middle);
    await expect.poll(() => pressed(from), WAIT).toEqual([`${LEFT} 1`, `${LEFT} 0`]);
    near(pointerAt(), 0.5, 0.5);
    // Three fingers move the view by what they go.
    const three = [-40, 0, 40].map((x) => ({ x: middle.x + x, y: middle.y }));
    await fingers.swipe(
      three,
      three.map(({ x, y }) => ({ x: x - 50, y })),
    );
    expect((await pictureBox()).x).toBeCloseTo(zoomed.x - 50, -1);
    await fingers.swipe(spread(90), spread(15));
    expect((await pictureBox()).width).toBeCloseTo(whole.width, 0);
  });

  it('use a trackpad with a drawn pointer, which is remembered', async () => {
    await button('Touch: use a trackpad instead').tap();
    let from = serial.text.length;
    const start = await at(0.2, 0.2);
    const mark = page.locator('.pointer-mark');
    await fingers.down(start);
    await fingers.move([start], [{ x: start.x + 60, y: start.y }], 12);
    await fingers.up();
    await expect.poll(() => pointerAt().x, WAIT).toBeGreaterThan(0.55);
    expect(pressed(from)).toEqual([]);
    // The tip of the mark is where the guest has its pointer.
    const tip = async () => {
      const [box, picture] = [await mark.boundingBox(), await pictureBox()];
      return ((box?.x ?? 0) - picture.x) / picture.width;
    };
    await expect.poll(async () => Math.abs((await tip()) - pointerAt().x), WAIT).toBeLessThan(0.01);
    expect(pointerAt().y).toBeCloseTo(0.5, 1.8);

    from = serial.text.length;
    await fingers.tap(start);
    await expect.poll(() => pressed(from), WAIT).toEqual([`${LEFT} 1`, `${LEFT} 0`]);
    await page.reload();
    await button('Trackpad: touch directly instead').waitFor();
  });

  it('have keys below the screen: Ctrl stays for the next one, tapped twice for good', async () => {
    let from = serial.text.length;
    await button('Ctrl').tap();
    await button('Show keyboard').tap();
    await expect.poll(status).toBe('Keyboard goes to the machine until it is hidden.');
    await page.keyboard.insertText('c');
    const CTRL = 'keyboard 1 29';
    const C = 'keyboard 1 46';
    await expect
      .poll(() => pressed(from), WAIT)
      .toEqual([`${CTRL} 1`, `${C} 1`, `${C} 0`, `${CTRL} 0`]);

    from = serial.text.length;
    await button('Alt').tap();
    await button('Alt').tap();
    await button('Tab').tap();
    await button('Tab').tap();
    await button('Alt, stays down').tap();
    const ALT = 'keyboard 1 56';
    const TAB = 'keyboard 1 15';
    await expect
      .poll(() => pressed(from), WAIT)
      .toEqual([`${ALT} 1`, `${TAB} 1`, `${TAB} 0`, `${TAB} 1`, `${TAB} 0`, `${ALT} 0`]);

    from = serial.text.length;
    await button('Fn: F keys').tap();
    await button('F12').tap();
    await expect.poll(() => pressed(from), WAIT).toEqual(['keyboard 1 88 1', 'keyboard 1 88 0']);
  });

  it('write with the soft keyboard: composed words, mended ones, Backspace, signs', async () => {
    const cdp = await page.context().newCDPSession(page);
    await button('Show keyboard').tap();
    const from = serial.text.length;
    await compose(cdp, 't', 'te', 'teh');
    await cdp.send('Input.insertText', { text: 'the' });
    await expect.poll(() => typed(from), WAIT).toEqual([...'teh', '<', '<', ...'he']);
    const later = serial.text.length;
    await page.keyboard.press('Backspace');
    await cdp.send('Input.insertText', { text: ' A~' });
    await page.keyboard.press('Enter');
    await expect.poll(() => typed(later), WAIT).toEqual(['<', ' ', '^', 'a', '^', '`', '\n']);
    // What keys alone cannot: the server leaves out what the layout lacks, and the page says so.
    await cdp.send('Input.insertText', { text: 'ñ' });
    await expect
      .poll(status, WAIT)
      .toBe('“ñ” is not in the layout English (US). Type text has others.');
    await expect
      .poll(status, { timeout: 15_000 })
      .toBe('Keyboard goes to the machine until it is hidden.');
    // A finger on the screen does not put the keyboard away.
    await fingers.tap(await at(0.5, 0.5));
    expect(await status()).toBe('Keyboard goes to the machine until it is hidden.');
    await button('Hide keyboard').tap();
    await expect.poll(status).toBe('Running');
  });

  it('keep the screen in sight above the soft keyboard', async () => {
    await button('Show keyboard').tap();
    await page.setViewportSize({ width: 390, height: 480 });
    const box = async (selector: string) => page.locator(selector).boundingBox();
    await expect.poll(async () => (await box('.key-row'))?.y ?? 999).toBeLessThan(480);
    const [row, screen] = [await box('.key-row'), await box('#screen')];
    expect((row?.y ?? 0) + (row?.height ?? 0)).toBeLessThanOrEqual(480);
    expect(screen?.height).toBeGreaterThan(250);
    expect((screen?.y ?? 0) + (screen?.height ?? 0)).toBeLessThanOrEqual(row?.y ?? 0);
    const picture = await pictureBox();
    expect(picture.y + picture.height).toBeLessThanOrEqual(row?.y ?? 0);
    await button('Ctrl').tap();
    expect(await violations(page)).toEqual([]);
  });
});

/** What was typed by the guest's key codes: `<` is Backspace, `^` Shift going down. */
function typed(from: number): string[] {
  const names: Readonly<Record<string, string>> = {
    ...{ 14: '<', 20: 't', 18: 'e', 35: 'h', 30: 'a', 57: ' ', 41: '`', 42: '^', 28: '\n' },
  };
  return events(from)
    .map((each) => /^keyboard 1 (\d+) 1$/.exec(each)?.[1])
    .flatMap((code) => (code === undefined ? [] : [names[code] ?? code]));
}

/** Writes a word as Android keyboards do: each step replaces what was composed. */
async function compose(cdp: CDPSession, ...steps: readonly string[]): Promise<void> {
  for (const text of steps) {
    const at = text.length;
    await cdp.send('Input.imeSetComposition', { text, selectionStart: at, selectionEnd: at });
  }
}

describe('a desk', () => {
  const DESK = { width: 1280, height: 800 };

  it('sends middle, back and forward and both wheels, and stays on its page', async () => {
    await openPage(DESK, false);
    await logIn();
    const cdp = await page.context().newCDPSession(page);
    const from = serial.text.length;
    const spot = await at(0.5, 0.5);
    for (const name of ['middle', 'back', 'forward'] as const) {
      for (const type of ['mousePressed', 'mouseReleased'] as const) {
        const params = { type, ...spot, button: name, clickCount: 1 } as const;
        await cdp.send('Input.dispatchMouseEvent', params);
      }
    }
    await page.mouse.wheel(0, 120);
    // The tablet of QEMU 7.2 has no back and forward: they are refused there, not here.
    await expect
      .poll(() => events(from), WAIT)
      .toEqual(expect.arrayContaining(['tablet 1 274 1', 'tablet 1 274 0', 'tablet 2 8 -1']));
    expect(page.url()).toBe(new URL('/', url).href);
    expect(await status()).toMatch(/^Keyboard goes to the machine/);
  });

  it('fills the screen; the bar hides and comes back at the edge', async () => {
    await openPage(DESK, false);
    await logIn();
    const barBottom = async () => {
      const box = await page.locator('header.bar').boundingBox();
      return (box?.y ?? 0) + (box?.height ?? 0);
    };
    await button('Full screen').click();
    await page.locator('.machine[data-full=true]').waitFor();
    await page.getByText('The bar comes at the top edge. Right Ctrl gives').waitFor();
    await page.mouse.move(600, 400);
    await expect.poll(barBottom).toBeLessThan(6);
    await expect.poll(async () => (await page.locator('#screen').boundingBox())?.y).toBe(0);
    await page.mouse.move(300, 1);
    await expect.poll(barBottom).toBeGreaterThan(40);
    await page.mouse.move(600, 400);
    await expect.poll(barBottom).toBeLessThan(6);
    await button('Show the bar').click();
    await expect.poll(barBottom).toBeGreaterThan(40);
    await button('Full screen').click();
    await expect.poll(() => page.locator('.machine[data-full=true]').count()).toBe(0);
  });

  it('saves a screenshot, and copies one', async () => {
    await openPage(DESK, false);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await logIn();
    await button('More').click();
    await page.getByRole('button', { name: /^Screen/ }).click();
    const dialog = page.getByRole('dialog', { name: 'Screen' });
    const coming = page.waitForEvent('download');
    await dialog.getByRole('button', { name: 'Save' }).click();
    const download = await coming;
    expect(download.suggestedFilename()).toMatch(/_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\.jpg$/);
    const jpeg = await readFile(await download.path());
    expect(await jpegText(page, jpeg)).toContain('BusyBox');
    await dialog.getByRole('button', { name: 'Copy' }).click();
    await expect.poll(() => dialog.getByRole('status').first().textContent()).toMatch(/^Copied/);
    const size = await page.evaluate(async () => {
      const [item] = await navigator.clipboard.read();
      const picture = await createImageBitmap((await item?.getType('image/png')) ?? new Blob());
      return [picture.width, picture.height];
    });
    expect(size).toEqual([720, 400]);
  });

  it('falls back to MJPEG when the media socket is refused, says why, and goes back', async () => {
    await openPage(DESK, false);
    let refused = true;
    await page.routeWebSocket(/api\/media\/ws/, (socket) => {
      if (refused) void socket.close({ code: 1011 });
      else socket.connectToServer();
    });
    const whep = /api\/media\/whep/;
    await page.route(whep, (route) => route.fulfill({ status: 503, body: 'no WebRTC' }));
    await logInTo(page, url);
    const picture = page.locator('img.picture');
    await expect
      .poll(() => picture.evaluate((it: HTMLImageElement) => it.naturalWidth), WAIT)
      .toBe(720);
    expect(await jpegText(page, await picture.screenshot({ type: 'jpeg', quality: 95 }))).toContain(
      'BusyBox',
    );
    await expect.poll(() => page.locator('.figures').textContent()).toContain('MJPEG');
    // A click reaches its place on this picture, too.
    const from = serial.text.length;
    const box = await picture.boundingBox();
    if (!box) throw new Error('no picture');
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    await expect.poll(() => pressed(from), WAIT).toEqual([`${LEFT} 1`, `${LEFT} 0`]);
    near(pointerAt(), 0.5, 0.5);
    await page.keyboard.press('ControlRight');
    await button('More').click();
    await page.getByRole('button', { name: /^Screen/ }).click();
    const dialog = page.getByRole('dialog', { name: 'Screen' });
    await expect
      .poll(() => dialog.textContent())
      .toContain('Not Tiles: the connection was refused');
    await dialog.getByRole('button', { name: 'Try better ways again' }).click();
    await expect.poll(() => dialog.textContent()).toContain('Still not.');
    refused = false;
    await dialog.getByRole('button', { name: 'Try better ways again' }).click();
    await expect.poll(pictureWidth, WAIT).toBe(720);
    expect(await dialog.textContent()).toContain('Tiles: only what changed is sent.');
  });
});
