import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import type { AtxState, GpioState, HidState, InfoState, MsdState } from '@crashcart/api';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { launchBrowser } from './support/browser.ts';
import { http } from './support/http-client.ts';
import { ServerProcess } from './support/server-process.ts';
import { StateDirectory } from './support/state-directory.ts';

const PASSWORD = 'one and only';
const ADMIN = { 'x-kvmd-user': 'admin', 'x-kvmd-passwd': PASSWORD };
const IMAGE = randomBytes(3 * 1024 * 1024);

const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 60_000, interval: 200 });

let core: ServerProcess;
let front: ServerProcess;
const coreState = new StateDirectory();
const frontState = new StateDirectory();
const socket = join(coreState.path, 'core.sock');

/** The machines, as crashcart-core.service has them: a QEMU, a line, and only a socket. */
async function startCore(): Promise<void> {
  const config = coreState.config(
    `server: {listen: ""}
qemu: {accel: tcg, memory: 64}
kvmd:
  server: {unix: ${socket}}
  gpio:
    drivers: {relay: {type: noop}}
    scheme: {lamp: {driver: relay, pin: 1, mode: output}}
`,
  );
  core = await ServerProcess.start(['--state', coreState.path, '--config', config], {
    CRASHCART_PASSWORD: PASSWORD,
  });
}

/** The front end, as crashcart-http.service has it; it logs in, for a test need not be root. */
async function startFront(): Promise<void> {
  const passwd = join(frontState.path, 'core.passwd');
  writeFileSync(passwd, `${PASSWORD}\n`);
  const config = frontState.config(
    `server: {listen: 127.0.0.1, port: 0, tls: {enabled: false}}
remote: {unix: ${socket}, user: admin, passwd_file: ${passwd}}
`,
  );
  front = await ServerProcess.start(['--state', frontState.path, '--config', config], {
    CRASHCART_PASSWORD: PASSWORD,
  });
}

async function state<T>(part: string): Promise<T> {
  const answer = await http(`${front.url}api/${part}`, { headers: ADMIN });
  expect(answer.status).toBe(200);
  return answer.result() as T;
}

async function post(path: string, body?: Uint8Array): Promise<number> {
  const length = body ? { 'content-length': String(body.length) } : {};
  const answer = await http(`${front.url}api/${path}`, {
    ...{ method: 'POST', headers: { ...ADMIN, ...length } },
    ...(body ? { body } : {}),
  });
  return answer.status;
}

/** What the core itself tells on its socket. */
function askCore(path: string): Promise<{ readonly result: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    get({ socketPath: socket, path, headers: ADMIN }, async (response) => {
      const chunks = await response.toArray();
      resolve(JSON.parse(Buffer.concat(chunks).toString()));
    }).on('error', reject);
  });
}

/** Watches the stream until it is disposed of; resolves when a picture has begun. */
async function watch(): Promise<AsyncDisposable> {
  const { body } = await fetch(`${front.url}streamer/stream`, { headers: ADMIN });
  const reader = body?.getReader();
  for (let text = ''; !text.includes('Content-Type: image/jpeg'); ) {
    const next = await reader?.read();
    if (!next || next.done) throw new Error(`The stream ended: ${text}`);
    text += Buffer.from(next.value).toString('latin1');
  }
  return {
    async [Symbol.asyncDispose]() {
      await reader?.cancel();
    },
  };
}

const isThere = () =>
  eventually(async () => {
    const { crashcart } = (await state<InfoState>('info')).system;
    expect(crashcart.machine?.remote).toEqual({ online: true, reason: null });
    expect((await state<HidState>('hid')).online).toBe(true);
  });

beforeAll(async () => {
  await startCore();
  await startFront();
});
afterAll(async () => {
  await front.end('SIGKILL');
  await core.end('SIGKILL');
  await coreState[Symbol.asyncDispose]();
  await frontState[Symbol.asyncDispose]();
});

describe.sequential('machines and front end as processes of their own', () => {
  it('serve everything of the machine through the front end', async () => {
    expect(core.url).toBe(`unix:${socket}`);
    await isThere();
    expect((await askCore('/hid/inactivity')).result).toEqual({ inactivity: -1 });
    expect(await post('hid/events/send_key?key=KeyA')).toBe(200);
    await eventually(async () => {
      expect((await askCore('/hid/inactivity')).result.inactivity).toBeGreaterThanOrEqual(0);
    });
    expect((await state<AtxState>('atx')).leds.power).toBe(true);
    expect(await post('gpio/switch?channel=lamp&state=1&wait=1')).toBe(200);
    expect((await state<GpioState>('gpio')).model.scheme.outputs).toHaveProperty('lamp');
    expect(await post('gpio/switch?channel=none&state=1')).toBe(400);
  });

  it('take an image through, whole, and put it into the machine', async () => {
    expect(await post('msd/write?image=disk.img', IMAGE)).toBe(200);
    expect(await post('msd/set_params?image=disk.img&cdrom=0')).toBe(200);
    expect(await post('msd/set_connected?connected=1')).toBe(200);
    expect((await state<MsdState>('msd')).drive).toMatchObject({ connected: true });
    expect(await post('msd/write?image=other.img', IMAGE)).toBe(400);
    expect(await post('msd/set_connected?connected=0')).toBe(200);
    const { body, headers } = await http(`${front.url}api/msd/read?image=disk.img`, {
      headers: ADMIN,
    });
    expect(headers['content-length']).toBe(String(IMAGE.length));
    const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    expect(digest(body)).toBe(digest(IMAGE));
  });

  it('show the screen: a snapshot while somebody watches', async () => {
    await using _watching = await watch();
    await eventually(async () => {
      const shot = await http(`${front.url}api/streamer/snapshot`, { headers: ADMIN });
      expect([shot.status, shot.headers['content-type']]).toEqual([200, 'image/jpeg']);
      expect(shot.headers['x-ustreamer-online']).toBe('true');
    });
  });

  it('show it in the page, too, which takes whole pictures then', async () => {
    const browser = await launchBrowser();
    try {
      const page = await (await browser.newContext()).newPage();
      await page.goto(front.url);
      await page.getByRole('textbox', { name: 'Name' }).fill('admin');
      await page.getByLabel('Password').fill(PASSWORD);
      await page.keyboard.press('Enter');
      const picture = page.locator('img[src*="streamer/stream"]');
      await picture.waitFor();
      await eventually(async () => {
        const width = await picture.evaluate((image: HTMLImageElement) => image.naturalWidth);
        expect(width).toBeGreaterThan(600);
      });
    } finally {
      await browser.close();
    }
  });

  it('go on when the front end is killed, which comes back with everything', async () => {
    await front.end('SIGKILL');
    expect((await askCore('/atx')).result).toMatchObject({ leds: { power: true } });
    await startFront();
    await isThere();
  });

  it('say that the machine is offline when the core is killed, and find it again', async () => {
    await core.end('SIGKILL');
    await eventually(async () => {
      expect(await state<HidState>('hid')).toMatchObject({ online: false });
    });
    expect(await state<MsdState>('msd')).toMatchObject({ online: false, drive: null });
    const outputs = (await state<GpioState>('gpio')).state.outputs;
    expect(outputs).toMatchObject({ lamp: { online: false } });
    const { machine } = (await state<InfoState>('info')).system.crashcart;
    expect(machine?.remote).toEqual({ online: false, reason: expect.stringMatching(/./) });
    expect(await post('atx/click?button=power')).toBe(503);
    expect(await post('hid/events/send_key?key=KeyA')).toBe(503);
    await startCore();
    await isThere();
    expect((await state<AtxState>('atx')).leds.power).toBe(true);
    expect((await state<MsdState>('msd')).storage?.images).toHaveProperty('disk.img');
  });

  it('never write the password into a log', () => {
    expect(frontState.logs() + front.output.join('') + coreState.logs()).not.toContain(PASSWORD);
  });
});
