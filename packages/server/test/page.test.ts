import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from './support/browser.ts';
import { SerialLine, testGuest } from './support/guest.ts';
import { canvasText, jpegText } from './support/screen-text.ts';
import { ServerProcess } from './support/server-process.ts';

const PASSWORD = 'correct horse 7';
const CAPTURED = 'Keyboard goes to the machine. Right Ctrl releases it.';
const OFF = 'The machine is off. Press Power to start it.';
const SHIFTED: Readonly<Record<string, string>> = {
  ...{ $: 'Digit4', '(': 'Digit9', ')': 'Digit0', '+': 'Equal' },
};
const WAIT = { timeout: 30_000, interval: 200 };

let browser: Browser;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());
afterEach(() => page?.context().close());

async function openPage(url: string, viewport = { width: 1280, height: 800 }): Promise<void> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport });
  page = await context.newPage();
  await page.goto(url);
}

async function logIn(url: string): Promise<void> {
  await openPage(url);
  await page.getByRole('textbox', { name: 'Name' }).fill('admin');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect.poll(status).toBe('Running');
}

const status = () => page.getByRole('status', { name: 'Status' }).textContent();
const screen = () => page.getByRole('application', { name: 'Screen of the machine' });
const button = (name: string) => page.getByRole('button', { name, exact: true });
const text = () => canvasText(page);

/** Types as hands do, with Shift where a character needs it. */
async function typeKeys(characters: string): Promise<void> {
  for (const character of characters) {
    const shifted = SHIFTED[character];
    if (shifted === undefined) {
      await page.keyboard.press(character === '\n' ? 'Enter' : character);
      continue;
    }
    await page.keyboard.down('Shift');
    await page.keyboard.press(shifted);
    await page.keyboard.up('Shift');
  }
}

/** A started server in its own state directory. */
class Rig {
  directory = '';
  server: ServerProcess | undefined;

  async start(config: object): Promise<string> {
    this.directory = mkdtempSync(join(tmpdir(), 'cc-page-'));
    const file = join(this.directory, 'crashcart.yaml');
    writeFileSync(file, JSON.stringify(config));
    const argv = ['--state', this.directory, '--config', file, '--port', '0'];
    this.server = await ServerProcess.start(argv, { CRASHCART_PASSWORD: PASSWORD });
    return this.server.url;
  }

  async close(): Promise<void> {
    await this.server?.end();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

describe('the page of a server that was just installed', () => {
  const rig = new Rig();
  let url: string;

  beforeAll(async () => {
    url = await rig.start({});
  });
  afterAll(() => rig.close());

  it('refuses a wrong password, then shows the prompt of the machine and takes keys', async () => {
    await openPage(url);
    await page.getByRole('textbox', { name: 'Name' }).fill('admin');
    await page.getByLabel('Password').fill('wrong');
    await button('Log in').click();
    await expect
      .poll(() => page.getByRole('alert').textContent())
      .toContain('Wrong name, password or code. Check them and try again.');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await expect.poll(status).toBe('Running');
    await expect.poll(text, WAIT).toContain('iPXE>');
    await screen().click();
    await expect.poll(status).toBe(CAPTURED);
    // What was there stays, though only changes are sent.
    expect(await text()).toContain('iPXE>');
    await typeKeys('help\n');
    await expect.poll(text, WAIT).toContain('Available commands');
    await page.keyboard.press('ControlRight');
    await expect.poll(status).toBe('Running');
  });

  it('is used by keyboard alone in a narrow window', async () => {
    await openPage(url, { width: 390, height: 844 });
    await page.locator('input[name=user]:focus').waitFor();
    await page.keyboard.type('admin');
    await page.keyboard.press('Tab');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await expect.poll(status).toBe('Running');
    // The screen has the focus; Enter gives it the keyboard.
    await page.keyboard.press('Enter');
    await expect.poll(status).toBe(CAPTURED);
    await expect.poll(text, WAIT).toContain('iPXE>');
    await typeKeys('help\n');
    await expect.poll(text, WAIT).toContain('Available commands');
    await page.keyboard.press('ControlRight');
    await expect.poll(status).toBe('Running');
    await tabTo('Power', 'Shift+Tab');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Power' });
    await dialog.waitFor();
    await tabTo('Reset', 'Tab');
    expect(await outside()).toEqual([]);
    await page.keyboard.down('Space');
    // The machine starts anew: what was on its screen is gone.
    await expect.poll(text, WAIT).not.toContain('Available commands');
    await page.keyboard.up('Space');
    await expect.poll(text, WAIT).toContain('iPXE>');
    await page.keyboard.press('Escape');
    await expect.poll(() => dialog.count()).toBe(0);
    expect(await button('Power').evaluate((it) => it === document.activeElement)).toBe(true);
  });

  /** Moves the focus on until the button has it. */
  async function tabTo(name: string, keys: string): Promise<void> {
    const isThere = () => button(name).evaluate((it) => it === document.activeElement);
    for (let step = 0; !(await isThere()); step += 1) {
      if (step === 12) throw new Error(`${keys} does not reach ${name}`);
      await page.keyboard.press(keys);
    }
  }

  /** Buttons that a person cannot see whole. */
  const outside = () =>
    page.evaluate(() =>
      [...document.querySelectorAll('button:not(.skip)')]
        .filter((it) => {
          const { left, right, top, bottom } = it.getBoundingClientRect();
          return left < 0 || top < 0 || right > innerWidth || bottom > innerHeight;
        })
        .map((it) => it.textContent),
    );
});

describe('a Linux guest', () => {
  const rig = new Rig();
  let url: string;
  let serial: SerialLine;

  beforeAll(async () => {
    const { kernel, initrd, append } = testGuest();
    const extraArgs = ['-kernel', kernel, '-initrd', initrd, '-append', append];
    url = await rig.start({ qemu: { accel: 'tcg', memory: 256, extra_args: extraArgs } });
    serial = new SerialLine(join(rig.directory, 'machines/default/serial.sock'));
  });
  afterAll(async () => {
    serial?.close();
    await rig.close();
  });

  /** Input as the guest got it since `from`, as `device type code value`. */
  const events = (from: number) =>
    [...serial.text.slice(from).matchAll(/EV (\w+) \d+ \d+ \d+ \d+ (\d+ \d+ -?\d+)/g)].map(
      ([, device, event]) => `${device} ${event}`,
    );

  it('runs what is typed on the page, and shows it', async () => {
    await logIn(url);
    // Reading the picture takes the CPU that the guest boots with.
    await serial.waitFor(/guest# /, 60_000);
    await expect.poll(text, WAIT).toContain('guest#');
    await screen().click();
    await typeKeys('echo crash$((40+2))cart\n');
    await expect.poll(text, WAIT).toContain('crash42cart');
  });

  it('gets pointer, wheel and keys, and none stays down when the tab is closed', async () => {
    serial.send('events');
    await serial.waitFor(/watching all/);
    await logIn(url);
    const box = await page.locator('canvas.picture').boundingBox();
    if (!box) throw new Error('no picture');
    const from = serial.text.length;
    await page.mouse.move(box.x + box.width / 4, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.up();
    await page.mouse.wheel(0, -120);
    const got = () => events(from);
    await expect
      .poll(got)
      .toEqual(expect.arrayContaining(['tablet 1 272 1', 'tablet 1 272 0', 'tablet 2 8 1']));
    const axis = (code: number) => {
      const last = got().findLast((each) => each.startsWith(`tablet 3 ${code} `));
      return Number(last?.split(' ')[3]) / 32767;
    };
    expect(axis(0)).toBeCloseTo(1 / 4, 2);
    expect(axis(1)).toBeCloseTo(1 / 2, 2);
    await page.keyboard.down('Shift');
    await page.keyboard.down('a');
    await expect.poll(got).toContain('keyboard 1 30 1');
    await page.close();
    await expect.poll(got).toEqual(expect.arrayContaining(['keyboard 1 30 0', 'keyboard 1 42 0']));
  });

  it('gets steps from a page whose mouse is relative', async () => {
    await logIn(url);
    const setMouse = (output: string) =>
      page.request.post(new URL(`/api/hid/set_params?mouse_output=${output}`, url).href);
    expect((await setMouse('usb_rel')).status()).toBe(200);
    await page.locator('#screen[data-mouse=relative]').waitFor();
    const { x, y } = (await screen().boundingBox()) ?? { x: 0, y: 0 };
    await page.mouse.click(x + 200, y + 200);
    await expect.poll(status).toBe('Keyboard and mouse go to the machine. Right Ctrl releases it.');
    const from = serial.text.length;
    await page.mouse.move(x + 230, y + 190);
    await expect
      .poll(() => events(from))
      .toEqual(expect.arrayContaining(['mouse 2 0 30', 'mouse 2 1 -10']));
    expect((await setMouse('usb')).status()).toBe(200);
    await expect.poll(status).toBe(CAPTURED);
  });

  it('is switched off hard and on again', async () => {
    await logIn(url);
    await button('Power').click();
    await button('Hard off').hover();
    await page.mouse.down();
    await expect.poll(status, WAIT).toBe(OFF);
    await page.mouse.up();
    const from = serial.text.length;
    await button('Press power').click();
    await expect.poll(status, WAIT).toBe('Running');
    await serial.waitFor(/guest# /, 60_000, from);
    await expect.poll(text, WAIT).toContain('crashcart test guest is ready');
  });

  it('is used by curl alone', async () => {
    page = await browser.newPage();
    const jar = join(rig.directory, 'cookies');
    const curl = async (path: string, ...argv: string[]): Promise<Buffer> => {
      const target = new URL(path, url).href;
      const args = ['-ksS', '--fail-with-body', '-b', jar, ...argv, target];
      const { stdout } = await promisify(execFile)('curl', args, { encoding: 'buffer' });
      return stdout;
    };
    const post = (path: string) => curl(path, '-X', 'POST');
    const login = await curl(
      ...['/api/auth/login', '-c', jar, '--data', 'user=admin'],
      ...['--data-urlencode', `passwd=${PASSWORD}`],
    );
    expect(JSON.parse(login.toString()).ok).toBe(true);
    const seen = async () => jpegText(page, await curl('/streamer/snapshot'));
    await expect.poll(seen, WAIT).toContain('built-in shell');
    for (const key of [...'expr'].map((letter) => `Key${letter.toUpperCase()}`)) await click(key);
    for (const key of ['Space', 'Digit9', 'Digit9', 'Digit0', 'Digit0', 'Digit0', 'Space'])
      await click(key);
    await post('/api/hid/events/send_shortcut?keys=ShiftLeft,Equal');
    for (const key of ['Space', 'Digit7', 'Digit6', 'Digit5', 'Enter']) await click(key);
    await expect.poll(seen, WAIT).toContain('99765');
    await post('/api/atx/power?action=off_hard&wait=1');
    expect(await isOn()).toBe(false);
    await post('/api/atx/power?action=on&wait=1');
    await expect.poll(isOn).toBe(true);
    await expect.poll(seen, WAIT).toContain('SeaBIOS');

    async function click(key: string): Promise<void> {
      await post(`/api/hid/events/send_key?key=${key}`);
    }
    async function isOn(): Promise<boolean> {
      return JSON.parse((await curl('/api/atx')).toString()).result.leds.power;
    }
  });
});
