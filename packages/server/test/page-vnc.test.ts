import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { latencyCommand } from '../src/cli/latency.ts';
import { launchBrowser } from './support/browser.ts';
import { logInTo, PASSWORD, PageRig } from './support/page-rig.ts';
import { difference } from './support/picture.ts';
import { Xvnc } from './support/xvnc.ts';

const WAIT = { timeout: 30_000, interval: 200 };
const SECRET = 'hushhush';

let browser: Browser;
let server: Xvnc;
const rig = new PageRig();
let url = '';

beforeAll(async () => {
  browser = await launchBrowser();
  server = await Xvnc.start({ security: 'VncAuth', passwd: SECRET });
  await server.client('xsetroot', '-solid', '#204060');
  const passwdFile = join(rig.directory, 'vnc-passwd');
  writeFileSync(passwdFile, `${SECRET}\n`);
  const off = { atx: { type: 'disabled' }, msd: { type: 'disabled' } };
  const shown = { hid: { type: 'vnc' }, streamer: { type: 'vnc' } };
  const vnc = { host: '127.0.0.1', port: server.port, passwd_file: passwdFile };
  url = await rig.start({
    kvmd: { ...shown, ...off },
    remote_vnc: vnc,
    // A second machine with a wrong password beside it, which is always watched.
    machines: {
      lab: {
        ...{ ...off, hid: { type: 'vnc' }, streamer: { type: 'vnc', forever: true } },
        remote_vnc: { host: '127.0.0.1', port: server.port, passwd: 'x' },
      },
    },
  });
});
afterAll(async () => {
  await rig.close();
  await server?.close();
  await browser?.close();
});

it('shows a VNC server by tiles, gives it keys and clicks, and says when it is gone', async () => {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    viewport: { width: 1280, height: 800 },
  });
  const page = await context.newPage();
  await logInTo(page, url);
  const colour = () =>
    page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('canvas.picture');
      return [...(canvas?.getContext('2d')?.getImageData(9, 9, 1, 1).data ?? [])];
    });
  const near = (wanted: readonly number[]) => async () => {
    const seen = await colour();
    return wanted.every((part, index) => Math.abs(part - (seen[index] ?? 999)) < 9);
  };
  await expect.poll(near([0x20, 0x40, 0x60]), WAIT).toBe(true);
  await server.client('xsetroot', '-solid', '#a03010');
  await expect.poll(near([0xa0, 0x30, 0x10]), WAIT).toBe(true);
  using events = await server.events();
  await page.getByRole('application', { name: 'Screen of the machine' }).click();
  await events.waitFor(/ButtonPress[\s\S]*?root:\(3[12]\d,2[34]\d\)[\s\S]*?button 1/);
  await page.keyboard.press('Shift+KeyQ');
  await events.waitFor(/KeyPress event[^"]*"Q"/);
  await page.keyboard.press('ControlRight');
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('button', { name: /^Screen/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Screen' });
  await expect.poll(() => dialog.textContent(), WAIT).toMatch(/Tiles/);
  await server.close();
  await expect
    .poll(() => page.textContent('body'), WAIT)
    .toContain(`No VNC server listens on 127.0.0.1:${server.port}.`);
  server = await Xvnc.start({ port: server.port, security: 'VncAuth', passwd: SECRET });
  await server.client('xsetroot', '-solid', '#109030');
  await expect.poll(near([0x10, 0x90, 0x30]), WAIT).toBe(true);
  await context.close();
});

it('tells the API why there is no picture, and never a password', async () => {
  const headers = { 'X-KVMD-User': 'admin', 'X-KVMD-Passwd': PASSWORD };
  const { request } = await browser.newContext({ ignoreHTTPSErrors: true });
  await expect
    .poll(async () => {
      const answer = await request.get(`${url}m/lab/api/streamer`, { headers });
      return (await answer.json()).result.streamer?.source;
    }, WAIT)
    .toMatchObject({ online: false, reason: expect.stringMatching(/did not accept the password/) });
  const hid = await (await request.get(`${url}m/lab/api/hid`, { headers })).json();
  expect(hid.result).toMatchObject({ online: false, mouse: { absolute: true } });
  const info = await (await request.get(`${url}api/info?fields=system`, { headers })).json();
  expect(info.result.system.crashcart.machine.drivers).toEqual({
    ...{ hid: 'vnc', atx: 'disabled', msd: 'disabled', streamer: 'vnc' },
  });
  expect(rig.server?.output.join('\n')).not.toContain(SECRET);
});

it('measures the latency of a VNC server', async () => {
  // A window that draws what is typed.
  const empty = await server.picture();
  const window = server.client('xterm', '-geometry', '80x24+0+0', '-e', 'cat');
  const closed = window.catch(() => undefined);
  let seen = await server.picture();
  // Its window is there and draws nothing more.
  await expect
    .poll(async () => {
      const [before, now] = [seen, await server.picture()];
      seen = now;
      return difference(before, now) === 0 && difference(empty, now) > 5;
    }, WAIT)
    .toBe(true);
  const passwd = join(rig.directory, 'passwd');
  writeFileSync(passwd, `${PASSWORD}\n`);
  const out = join(rig.directory, 'report.md');
  const told: string[] = [];
  const stream = { write: (text: string) => told.push(text) };
  const io = { stdin: process.stdin, stdout: stream, stderr: stream };
  const options = [
    '--url',
    url,
    '--passwd-file',
    passwd,
    '--insecure',
    '--count',
    '5',
    '--out',
    out,
  ];
  const code = await latencyCommand([...options, '--pause', '0.2'], io);
  expect(code, told.join('')).toBe(0);
  expect(told[0]).toMatch(/^p50 \d+\.\d ms, p95 /);
  await server.close();
  await closed;
});
