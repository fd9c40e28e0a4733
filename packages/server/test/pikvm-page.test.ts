import { once } from 'node:events';
import { createServer } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type GoldenRig, startGoldenRig } from './support/golden-rig.ts';
import { http } from './support/http-client.ts';
import { Nginx } from './support/nginx.ts';

/**
 * The requests and sockets of PiKVM's own page, in its order and with its parameters, against the
 * recorded hardware behind nginx. No file of PiKVM's takes part.
 */
let rig: GoldenRig;
let nginx: Nginx;
let cookie = '';

beforeAll(async () => {
  rig = await startGoldenRig();
  nginx = await Nginx.start(rig.socketPath, { page: 'small' });
  await rig.action({ reset: 'default' });
  await rig.action({ switch_units: 2 });
});
afterAll(async () => {
  await nginx?.[Symbol.asyncDispose]();
  await rig?.[Symbol.asyncDispose]();
});

const get = (path: string) => http(nginx.url + path, { headers: { cookie } });
const post = (path: string, body?: string | Uint8Array) =>
  http(nginx.url + path, { method: 'POST', headers: { cookie }, ...(body ? { body } : {}) });

/** Of a streamer's state: who watches its MJPEG, by id. */
function clientsOf(state: unknown): Readonly<Record<string, unknown>> {
  const { streamer } = state as {
    streamer: { stream: { clients_stat: Record<string, unknown> } };
  };
  return streamer.stream.clients_stat;
}

/** Whether the streamer has a picture. */
function isOnline(state: unknown): boolean {
  const { streamer } = (state ?? {}) as { streamer?: { source: { online: boolean } } };
  return streamer?.source.online ?? false;
}

/** A socket of the page, with what came so far. */
class PageSocket implements Disposable {
  /** By type; parts of a state are merged as the page does. */
  readonly events = new Map<string, Record<string, unknown>>();
  readonly binary: Buffer[] = [];
  readonly #socket: WebSocket;

  constructor(path: string) {
    this.#socket = new WebSocket(nginx.url.replace('https', 'wss') + path, {
      ...{ headers: { cookie, origin: nginx.url }, rejectUnauthorized: false },
    });
    this.#socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.binary.push(data);
      else this.#merge(JSON.parse(String(data)));
    });
  }

  send(message: string | Uint8Array): void {
    this.#socket.send(message);
  }

  /** Resolves when what came passes. */
  async until(passes: () => boolean): Promise<void> {
    while (!passes()) await once(this.#socket, 'message');
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }

  #merge({ event_type, event }: { event_type: string; event: Record<string, unknown> }): void {
    this.events.set(event_type, { ...this.events.get(event_type), ...event });
  }
}

describe("PiKVM's login and index", () => {
  it('asks who is there, and is sent to the login', async () => {
    expect((await get('/api/auth/check')).status).toBe(401);
    expect((await get('/api/info?fields=auth,node,meta,extras')).status).toBe(401);
  });

  it('logs in with the password and the code in one field', async () => {
    const submit = (passwd: string) =>
      http(`${nginx.url}/api/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', origin: nginx.url },
        body: new URLSearchParams({ user: 'admin', passwd, expire: '43200' }).toString(),
      });
    expect((await submit('wrong')).status).toBe(403);
    const { status, headers } = await submit('admin');
    expect(status).toBe(200);
    cookie = headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    expect(cookie).toMatch(/^auth_token=/);
  });

  it('lists what there is', async () => {
    const info = (await get('/api/info?fields=auth,node,meta,extras')).result();
    expect(Object.keys(info as object).sort()).toEqual(['auth', 'extras', 'meta', 'node']);
    expect(info).toMatchObject({ auth: { enabled: true }, node: { host: expect.any(String) } });
  });
});

describe("PiKVM's KVM page", () => {
  const PARTS = 'info gpio hid hid_keymaps atx streamer ocr msd switch'.split(' ');
  const INFO = 'auth extras fan health meta node system uptime'.split(' ');

  it('opens its session, gets every part, and pings', async () => {
    expect((await get('/api/auth/check')).status).toBe(200);
    using socket = new PageSocket('/api/ws');
    const info = () => Object.keys(socket.events.get('info') ?? {}).sort();
    await socket.until(() => PARTS.every((part) => socket.events.has(part)));
    await socket.until(() => INFO.every((part) => info().includes(part)));
    socket.send(Uint8Array.of(0));
    await socket.until(() => socket.binary.some((frame) => frame.equals(Buffer.of(255))));
  });

  it('sends keys, buttons, moves and wheels, which all arrive', async () => {
    using socket = new PageSocket('/api/ws');
    await socket.until(() => socket.events.has('hid'));
    const before = rig.hidLog().length;
    const name = Buffer.from('KeyA');
    socket.send(Buffer.concat([Buffer.of(1, 1), name]));
    socket.send(Buffer.concat([Buffer.of(1, 0), name]));
    socket.send(Buffer.concat([Buffer.of(2, 1), Buffer.from('left')]));
    socket.send(Buffer.concat([Buffer.of(2, 0), Buffer.from('left')]));
    socket.send(Buffer.of(3, 0x10, 0, 0xf0, 0));
    socket.send(Buffer.of(5, 0, 0, 0xff));
    await expect
      .poll(() =>
        rig
          .hidLog()
          .slice(before)
          .map(([device]) => device),
      )
      .toEqual(['keyboard', 'keyboard', 'mouse', 'mouse', 'mouse', 'mouse']);
  });

  it('shows the picture as MJPEG and finds itself among the clients', async () => {
    for (const engine of ['advance_headers=1', 'dual_final_frames=1']) {
      const request = httpsRequest(`${nginx.url}/streamer/stream?key=k1&${engine}`, {
        ...{ headers: { cookie }, rejectUnauthorized: false },
      }).end();
      const [response] = await once(request, 'response');
      expect(response.statusCode).toBe(200);
      expect(response.headers['content-type']).toMatch(/^multipart\/x-mixed-replace/);
      const own = String(response.headers['set-cookie']).match(/stream_client=k1\/([^;,]+)/)?.[1];
      await once(response, 'data');
      await expect
        .poll(async () => clientsOf((await get('/api/streamer')).result())[own ?? ''])
        .toMatchObject({ key: 'k1' });
      request.destroy();
    }
  });

  it('shows the picture as H.264 by its own socket', async () => {
    using socket = new PageSocket('/api/media/ws');
    await socket.until(() => socket.events.has('media'));
    const { video } = socket.events.get('media') as { video: { h264: unknown } };
    expect(video.h264).toEqual({ profile_level_id: expect.stringMatching(/^[0-9A-F]{6}$/) });
    const event = { type: 'video', format: 'h264' };
    socket.send(JSON.stringify({ event_type: 'start', event }));
    await socket.until(() => socket.binary.length > 0);
    // Type 1, a key frame, Annex B.
    expect(socket.binary[0]?.subarray(0, 6).toString('hex')).toBe('010100000001');
  });

  it.each([
    'hid/set_params?jiggler=1',
    'hid/set_params?jiggler=0',
    'hid/set_params?mouse_output=usb_rel',
    'hid/set_params?mouse_output=usb',
    'hid/reset',
    'streamer/set_params?quality=60',
    'streamer/set_params?desired_fps=20',
    'streamer/set_params?h264_bitrate=4000',
    'streamer/set_params?h264_gop=30',
    'streamer/reset',
    'gpio/switch?channel=__v3_usb_breaker__&state=0',
    'gpio/switch?channel=__v3_usb_breaker__&state=1',
    'gpio/switch?channel=__v4_locator__&state=1',
    'gpio/switch?channel=__v4_locator__&state=0',
    'gpio/pulse?channel=button1',
    'switch/set_active?port=1',
    'switch/set_beacon?state=1&port=0',
    'switch/set_beacon?state=0&port=0',
    'switch/set_beacon?state=1&uplink=1',
    'switch/set_beacon?state=1&downlink=0',
    'switch/set_port_params?port=0&name=web1&atx_click_power_delay=0.5&edid_id=default',
    'switch/set_colors?active=00FF00:80:0000',
    'switch/set_colors?active=default',
    'switch/atx/click?port=0&button=power',
  ])('does %s', async (act) => {
    // A line is busy for a moment after each act; the page waits for the next event.
    await expect
      .poll(async () => {
        const { status, body } = await post(`/api/${act}`);
        return status === 200 || body.toString();
      })
      .toBe(true);
  });

  it.each([
    ['power', 'power'],
    ['power_long', 'power'],
    ['reset', 'reset'],
  ])('presses %s, and tells of a press that goes on', async (button, other) => {
    await expect.poll(async () => (await get('/api/atx')).result()).toMatchObject({ busy: false });
    expect((await post(`/api/atx/click?button=${button}`)).status).toBe(200);
    expect((await post(`/api/atx/click?button=${other}`)).status).toBe(409);
  });

  it('types a text', async () => {
    const before = rig.hidLog().length;
    const answer = await post('/api/hid/print?limit=0&keymap=en-us&delay=0.02', 'Hi');
    expect(answer.status).toBe(200);
    expect(rig.hidLog().length - before).toBeGreaterThanOrEqual(4);
  });

  it('keeps an EDID, and removes it', async () => {
    const { model, edids } = (await get('/api/switch')).result() as {
      model: { units: unknown[] };
      edids: { all: { default: { data: string } } };
    };
    expect(model.units).toHaveLength(2);
    const query = new URLSearchParams({ name: 'Mine', data: edids.all.default.data });
    const made = await post(`/api/switch/edids/create?${query}`);
    const { id } = made.result() as { id: string };
    expect((await post(`/api/switch/edids/remove?id=${id}`)).status).toBe(200);
  });

  it('uploads an image, connects it as CD-ROM and as flash drive, downloads and removes it', async () => {
    const bytes = Buffer.alloc(100_000, 'image');
    const query = 'prefix=&image=page.iso&remove_incomplete=1';
    expect((await post(`/api/msd/write?${query}`, bytes)).status).toBe(200);
    expect((await get('/api/msd/read?image=page.iso')).body.equals(bytes)).toBe(true);
    for (const mode of ['cdrom=1', 'cdrom=0', 'rw=1']) {
      const params = mode === 'rw=1' ? mode : `image=page.iso&${mode}`;
      expect((await post(`/api/msd/set_params?${params}`)).status).toBe(200);
      expect((await post('/api/msd/set_connected?connected=1')).status).toBe(200);
      expect((await post('/api/msd/set_connected?connected=0')).status).toBe(200);
    }
    expect((await post('/api/msd/remove?image=page.iso')).status).toBe(200);
    expect((await post('/api/msd/reset')).status).toBe(200);
  });

  it('fetches an image, and the last line says how that ended', async () => {
    const remote = createServer((_, response) => response.end('x'.repeat(5000)));
    await once(remote.listen(0, '127.0.0.1'), 'listening');
    const { port } = remote.address() as AddressInfo;
    const url = encodeURIComponent(`http://127.0.0.1:${port}/fetched.iso`);
    const answer = await post(`/api/msd/write_remote?prefix=&url=${url}`);
    remote.close();
    const last = answer.body.toString().trim().split('\n').at(-1) ?? '';
    expect(JSON.parse(last)).toMatchObject({ ok: true, result: { image: { size: 5000 } } });
  });

  it('takes a screenshot, reads a part of it, and follows the log', async () => {
    // The session of the page keeps the streamer running.
    using socket = new PageSocket('/api/ws');
    await socket.until(() => isOnline(socket.events.get('streamer')));
    const { headers } = await get('/api/streamer/snapshot');
    expect(headers['content-type']).toBe('image/jpeg');
    const area = 'ocr_left=0&ocr_top=0&ocr_right=200&ocr_bottom=100';
    const text = await get(`/api/streamer/snapshot?ocr=1&ocr_langs=eng&${area}&allow_offline=1`);
    expect([text.status, text.headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
    const request = httpsRequest(`${nginx.url}/api/log?seek=3600&follow=1`, {
      ...{ headers: { cookie }, rejectUnauthorized: false },
    }).end();
    const [response] = await once(request, 'response');
    const [line] = await once(response, 'data');
    expect(String(line)).toContain('Starting');
    request.destroy();
  });

  it('logs out, and is asked again', async () => {
    using socket = new PageSocket('/api/ws');
    await socket.until(() => socket.events.has('hid'));
    expect((await post('/api/auth/logout')).status).toBe(200);
    expect((await get('/api/auth/check')).status).toBe(403);
  });
});
