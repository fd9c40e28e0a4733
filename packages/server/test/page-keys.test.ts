import { join } from 'node:path';
import type { Browser, Page, Route } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchBrowser } from './support/browser.ts';
import { SerialLine, testGuest } from './support/guest.ts';
import { logInTo, PageRig } from './support/page-rig.ts';

const DESK = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
const CAPTURED = 'Keyboard goes to the machine. Right Ctrl releases it.';
const WAIT = { timeout: 30_000, interval: 200 };
/** What Linux calls keys (input-event-codes.h). */
const [CTRL, SHIFT, ALT, A, C, V, F4, CAPS] = [29, 42, 56, 30, 46, 47, 62, 58];

const rig = new PageRig();
let browser: Browser;
let page: Page;
let serial: SerialLine;
let url: string;

beforeAll(async () => {
  const { kernel, initrd, append } = testGuest();
  const extraArgs = ['-kernel', kernel, '-initrd', initrd, '-append', append];
  url = await rig.start({ qemu: { accel: 'tcg', memory: 256, extra_args: extraArgs } });
  browser = await launchBrowser();
  serial = new SerialLine(join(rig.directory, 'machines/default/serial.sock'));
  await serial.waitFor(/guest# /, 60_000);
});
afterAll(async () => {
  serial?.close();
  await browser?.close();
  await rig.close();
});

beforeEach(async () => {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: DESK });
  page = await context.newPage();
  await logInTo(page, url);
  await expect.poll(status).toBe('Running');
});
afterEach(() => page?.context().close());

const status = () => page.getByRole('status', { name: 'Status' }).textContent();
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true });
const panel = (name: string) => page.getByRole('dialog', { name, exact: true });
const hasFocus = (selector: string) =>
  page.locator(selector).evaluate((it) => it === document.activeElement);

async function open(name: string): Promise<void> {
  await button(name).click();
  await panel(name).waitFor();
}

/** What the guest's shell on the serial line answers. */
async function ask(command: string): Promise<string> {
  const from = serial.text.length;
  serial.send(`${command}; echo "end of"" answer"`);
  await serial.waitFor(/end of answer/, 30_000, from);
  return serial.text.slice(from).replaceAll('\r', '').split('end of answer')[0] ?? '';
}

describe('the text panel', () => {
  const area = () => page.locator('#panel-text textarea');
  const layout = () => page.getByLabel('Layout that the machine has');

  it('types what is written and warns of what the layout cannot type', async () => {
    // Everything that ASCII has, in a document that the shell takes as it is.
    const ascii = String.fromCharCode(...Array.from({ length: 95 }, (_, index) => 32 + index));
    await open('Type text');
    await expect.poll(() => hasFocus('#panel-text textarea')).toBe(true);
    await layout().selectOption('en-us');
    await area().fill(`cat > /tmp/typed <<'E'\n${ascii}\nża “b” 🙂\nE\n`);
    const warnings = page.getByRole('status', { name: 'Warning' }).locator('p');
    await expect
      .poll(() => warnings.allTextContents())
      .toEqual([
        'English (US) cannot type ż 🙂. They are left out.',
        'English (US) lacks “ ”. They are typed as the plain sign that is most alike.',
      ]);
    await page.keyboard.press('Control+Enter');
    await page.getByText('128 characters typed. 2 characters left out.').waitFor(WAIT);
    expect(await area().inputValue()).toBe('');
    await expect.poll(() => ask('cat /tmp/typed'), WAIT).toContain(`${ascii}\na "b" \n`);
  });

  it('remembers the layout in this browser', async () => {
    await open('Type text');
    await layout().selectOption('de');
    await page.reload();
    await open('Type text');
    await expect.poll(() => layout().inputValue()).toBe('de');
    await area().fill('größer');
    await page.getByText('6 characters').waitFor();
    const warning = page.getByRole('status', { name: 'Warning' });
    expect((await warning.textContent())?.trim()).toBe('');
  });

  it('goes on when it is closed, tells how far it is, and stops when it is told to', async () => {
    await open('Type text');
    await layout().selectOption('en-us');
    await area().fill('# nobody reads this\n'.repeat(200));
    await button('Type it').click();
    await page.keyboard.press('Escape');
    await panel('Type text').waitFor({ state: 'detached' });
    await button(/^Typing text, [1-9]\d* %$/).click();
    await page.getByText(/^\d+ of 4,000 · \d+\/s · .+ left$/).waitFor();
    await button('Stop').click();
    await page.getByText(/^Stopped after \d+ of 4,000 characters\. All keys are up\.$/).waitFor();
    // What was not typed is still there, and can be typed.
    expect((await area().inputValue()).length).toBe(4_000);
    await area().fill('\nrm -f /tmp/later; echo later > /tmp/later\n');
    await expect
      .poll(async () => {
        await area().press('Control+Enter');
        return page.locator('.outcome').textContent();
      }, WAIT)
      .toBe('43 characters typed.');
    await expect.poll(() => ask('cat /tmp/later'), WAIT).toContain('later');
  });

  it('says that somebody else is typing and waits', async () => {
    await open('Type text');
    await area().fill('mine');
    const target = new URL('/api/hid/print?limit=0&delay=0.05', url).href;
    const theirs = page.request.post(target, { data: '# theirs '.repeat(6) });
    await page.getByText(/^Somebody else is typing: \d+ of 54 characters/).waitFor();
    expect(await button('Type it').getAttribute('aria-disabled')).toBe('true');
    expect((await theirs).status()).toBe(200);
    await page.getByText('Somebody else is typing').waitFor({ state: 'detached' });
    expect(await button('Type it').getAttribute('aria-disabled')).toBeNull();
  });

  it('hides what is written', async () => {
    await open('Type text');
    await layout().selectOption('en-us');
    await area().fill('secret ż');
    await page.getByRole('switch', { name: 'Hide the text' }).check();
    const security = () =>
      area().evaluate((it) => getComputedStyle(it).getPropertyValue('-webkit-text-security'));
    await expect.poll(security).toBe('disc');
    // Its characters are not told by the warning either.
    await page.getByText('English (US) cannot type 1 character. It is left out.').waitFor();
  });
});

describe('keys', () => {
  let from = 0;

  beforeAll(async () => {
    serial.send('events');
    await serial.waitFor(/watching all/);
  });
  beforeEach(() => {
    from = serial.text.length;
  });

  /** The guest's keys since the test began: code and 1 down, 0 up; repeats are the guest's. */
  const keys = () =>
    [...serial.text.slice(from).matchAll(/EV keyboard \d+ \d+ \d+ \d+ 1 (\d+) ([01])\b/g)].map(
      ([, code, state]) => `${state === '1' ? '+' : '-'}${code}`,
    );
  const key = (name: string) => page.locator(`.dock button[data-key=${name}]`);
  const dock = () => page.getByRole('region', { name: 'On-screen keyboard' });

  it('a shortcut that was pressed is kept, found again after a reload, sent and removed', async () => {
    await open('Keys');
    await button('New shortcut').click();
    for (const each of ['Control', 'Shift', 'c']) await page.keyboard.down(each);
    for (const each of ['c', 'Shift', 'Control']) await page.keyboard.up(each);
    await page.keyboard.type('Interrupt');
    await page.keyboard.press('Enter');
    await button('Change Interrupt').waitFor();
    await page.reload();
    await open('Keys');
    await page.getByRole('button', { name: /^Interrupt ?: ?Ctrl ?\+ ?Shift ?\+ ?C$/ }).click();
    await expect
      .poll(keys)
      .toEqual([`+${CTRL}`, `+${SHIFT}`, `+${C}`, `-${C}`, `-${SHIFT}`, `-${CTRL}`]);
    await button('Remove Interrupt').click();
    await button('Change Interrupt').waitFor({ state: 'detached' });
    await button('Bring it back').click();
    await button('Change Interrupt').waitFor();
  });

  it('a shortcut is made of keys that the browser does not give away', async () => {
    await open('Keys');
    await button('New shortcut').click();
    const choice = page.getByRole('combobox', { name: 'Or choose its keys one after another' });
    await choice.selectOption('AltLeft');
    await choice.selectOption('F4');
    await button('Keep').click();
    await page.getByRole('button', { name: /^Alt ?\+ ?F4$/ }).click();
    await expect.poll(keys).toEqual([`+${ALT}`, `+${F4}`, `-${F4}`, `-${ALT}`]);
  });

  it('the on-screen keyboard stands below the screen; a modifier latches and locks', async () => {
    await page.setViewportSize(PHONE);
    await open('Keys');
    await page.getByRole('switch', { name: /On-screen keyboard/ }).check();
    await button('Close Keys').click();
    await dock().waitFor();
    const stage = await page.locator('.stage').boundingBox();
    const below = await dock().boundingBox();
    expect((stage?.y ?? 0) + (stage?.height ?? 0)).toBeLessThanOrEqual(below?.y ?? 0);
    expect(await outside()).toEqual([]);

    await key('ShiftLeft').click();
    expect(await key('ShiftLeft').getAttribute('data-latch')).toBe('latched');
    await key('KeyA').click();
    const once = [`+${SHIFT}`, `+${A}`, `-${A}`, `-${SHIFT}`];
    await expect.poll(keys).toEqual(once);
    await key('ControlLeft').dblclick();
    expect(await key('ControlLeft').getAttribute('data-latch')).toBe('locked');
    await key('KeyC').click();
    await key('KeyV').click();
    await key('ControlLeft').click();
    await expect
      .poll(keys)
      .toEqual([...once, `+${CTRL}`, `+${C}`, `-${C}`, `+${V}`, `-${V}`, `-${CTRL}`]);
  });

  it('the on-screen keyboard is used by keys, shows what is down and the lights', async () => {
    await open('Keys');
    await page.getByRole('switch', { name: /On-screen keyboard/ }).check();
    await dock().waitFor();
    expect(await outside()).toEqual([]);
    await key('Escape').focus();
    for (let step = 0; step < 3; step += 1) await page.keyboard.press('ArrowDown');
    expect(await hasFocus('.dock button[data-key=CapsLock]')).toBe(true);
    await page.keyboard.down('Enter');
    await expect.poll(() => key('CapsLock').getAttribute('data-down')).toBe('true');
    await page.keyboard.up('Enter');
    await expect.poll(keys).toEqual([`+${CAPS}`, `-${CAPS}`]);
    await dock().getByText('Caps Lock is on').waitFor();
    await page.keyboard.press('Enter');
    await dock().getByText('Caps Lock is off').waitFor();
    // The real keyboard's keys light up, too.
    await page.locator('#screen').click();
    await page.keyboard.down('a');
    await expect.poll(() => key('KeyA').getAttribute('data-down')).toBe('true');
    await page.keyboard.up('a');
    await expect.poll(() => key('KeyA').getAttribute('data-down')).toBe('false');
  });

  /** Keys of the on-screen keyboard that a person cannot see whole or hit. */
  const outside = () =>
    page.evaluate(() =>
      [...document.querySelectorAll('.dock button')]
        .filter((it) => {
          const { left, right, top, bottom, width, height } = it.getBoundingClientRect();
          const isSmall = width < 24 || height < 24;
          return isSmall || left < 0 || top < 0 || right > innerWidth || bottom > innerHeight;
        })
        .map((it) => it.getAttribute('aria-label')),
    );
});

describe('the palette', () => {
  const search = () => page.getByRole('combobox', { name: 'Search all actions' });

  async function hostK(): Promise<void> {
    await page.keyboard.down('ControlRight');
    await page.keyboard.press('k');
    await page.keyboard.up('ControlRight');
    await search().waitFor();
  }

  async function ctrlK(): Promise<void> {
    await page.keyboard.press('Control+k');
    await search().waitFor();
  }

  it('is opened from the captured screen, does things, and gives the keyboard back', async () => {
    await page.locator('#screen').focus();
    await page.keyboard.press('Enter');
    await expect.poll(status).toBe(CAPTURED);
    await hostK();
    expect(await hasFocus('[role=combobox]')).toBe(true);
    await page.keyboard.type('dark');
    const option = page.getByRole('option', { selected: true });
    expect(await option.locator('.name').textContent()).toBe('Colours: dark');
    const active = await search().getAttribute('aria-activedescendant');
    expect(await option.getAttribute('id')).toBe(active);
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('html').getAttribute('data-theme')).toBe('dark');
    await expect.poll(status).toBe(CAPTURED);
    await hostK();
    await page.keyboard.press('Escape');
    await search().waitFor({ state: 'detached' });
    await expect.poll(status).toBe(CAPTURED);
  });

  it('has the focus before the next key can come', async () => {
    await page.locator('#screen').focus();
    await ctrlK();
    await page.keyboard.press('Escape');
    await search().waitFor({ state: 'detached' });
    const focused = await page.evaluate(async () => {
      const init = { code: 'KeyK', ctrlKey: true, bubbles: true };
      document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', init));
      // No task, and so no key, comes between.
      for (let turn = 0; turn < 20; turn += 1) await undefined;
      return document.activeElement?.role;
    });
    expect(focused).toBe('combobox');
  });

  it('opens panels and returns the focus where it was', async () => {
    await button('More').focus();
    await ctrlK();
    await page.keyboard.type('tpe txt');
    await page.keyboard.press('Escape');
    expect(await hasFocus('#open-more')).toBe(true);
    await ctrlK();
    await page.keyboard.type('type text');
    await page.keyboard.press('Enter');
    await panel('Type text').waitFor();
    await expect.poll(() => hasFocus('#panel-text textarea')).toBe(true);
  });

  it('waits for its code and gives nothing that is typed to the machine meanwhile', async () => {
    const held: Route[] = [];
    await page.route(/\/palette-[^/]*\.js$/, (route) => void held.push(route));
    await page.reload();
    await expect.poll(status).toBe('Running');
    await page.locator('#screen').focus();
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog', { name: 'All actions' }).getByText('Loading').waitFor();
    await page.keyboard.press('Enter');
    await expect.poll(() => held.length).toBeGreaterThan(0);
    await Promise.all(held.map((route) => route.continue()));
    await search().waitFor();
    expect(await hasFocus('[role=combobox]')).toBe(true);
    await page.keyboard.press('Escape');
    expect(await hasFocus('#screen')).toBe(true);
    expect(await status()).toBe('Running');
  });

  it('holds what is dangerous for a second', async () => {
    await ctrlK();
    await page.keyboard.type('hard off');
    await page.keyboard.press('Enter');
    expect(await search().isVisible()).toBe(true);
    await page.keyboard.down('Enter');
    await expect.poll(status, WAIT).toBe('The machine is off. Press Power to start it.');
    await page.keyboard.up('Enter');
  });
});
