import { expect, test } from 'vitest';
import { ApiError } from './api-error.ts';
import { createClient } from './client.ts';
import { type ArgumentsOf, parseParams } from './contract.ts';
import { OPERATIONS, type OperationName, type Operations } from './operations/index.ts';

const NONE = {};
const SNAPSHOT = {
  ...{ save: true, load: false, allow_offline: true, preview: true, preview_max_width: 320 },
  ...{ preview_max_height: 200, preview_quality: 60, ocr: true, ocr_langs: ['eng', 'deu'] },
  ...{ ocr_left: -1, ocr_top: 10, ocr_right: 300, ocr_bottom: 20 },
};
const EDID = '00FF'.repeat(64);
const ID = '01234567-89ab-4def-8123-456789abcdef';

/** All arguments of every operation: a new operation or parameter does not compile without. */
const ARGUMENTS: { readonly [N in OperationName]: Required<ArgumentsOf<Operations[N]['params']>> } =
  {
    authLogin: { user: 'admin', passwd: 'a&b =%+', expire: 60, redirect: '/' },
    authLogout: NONE,
    authCheck: NONE,
    authSessions: NONE,
    authEndSession: { id: '0123456789abcdef' },
    info: { fields: ['system', 'health'], legacy: false },
    log: { seek: 10, follow: true },
    hid: NONE,
    hidSetParams: { keyboard_output: 'usb', mouse_output: 'usb_rel', jiggler: true },
    hidSetConnected: { connected: false },
    hidReset: NONE,
    hidInactivity: NONE,
    hidKeymaps: NONE,
    hidKeymapCharacters: { keymap: 'de' },
    hidPrint: { limit: 0, keymap: 'de', slow: true, delay: 0.25 },
    hidSendKey: { key: 'KeyA', state: true, finish: true },
    hidSendShortcut: { keys: ['ControlLeft', 'KeyC'], wait: 5 },
    hidSendMouseButton: { button: 'left', state: false },
    hidSendMouseMove: { to_x: -32768, to_y: 0 },
    hidSendMouseRelative: { delta_x: -127, delta_y: 1 },
    hidSendMouseWheel: { delta_x: 0, delta_y: -5 },
    atx: NONE,
    atxPower: { action: 'off_hard', wait: true },
    atxClick: { button: 'power_long', wait: false },
    msd: NONE,
    msdSetParams: { image: 'a/ä b.iso', cdrom: true, rw: false },
    msdSetConnected: { connected: true },
    msdWrite: { prefix: 'a', image: 'b.img', remove_incomplete: true },
    msdWriteRemote: {
      ...{ url: 'https://example.org/x?a=1&b=2', prefix: 'a', image: 'b.img', timeout: 30 },
      ...{ insecure: true, remove_incomplete: false },
    },
    msdLink: { url: 'sftp://u:p@h/x', prefix: 'a', image: 'b.img', insecure: true },
    msdRead: { image: 'b.img', compress: 'zstd' },
    msdRemove: { image: 'b.img' },
    msdReset: NONE,
    gpio: NONE,
    gpioSwitch: { channel: 'relay1', state: true, wait: true },
    gpioPulse: { channel: 'relay1', delay: 0.5, wait: false },
    switch: NONE,
    switchSetActivePrev: NONE,
    switchSetActiveNext: NONE,
    switchSetActive: { port: 1.2 },
    switchSetBeacon: { state: true, port: 1, uplink: 2, downlink: 3 },
    switchSetPortParams: {
      ...{ port: 1, edid_id: ID, dummy: false, name: 'web', atx_click_power_delay: 1 },
      ...{ atx_click_power_long_delay: 2.5, atx_click_reset_delay: 0 },
    },
    switchSetColors: {
      ...{ inactive: 'default', active: 'ff0000:80:0100', flashing: 'default' },
      ...{ beacon: '00ff00:ff:0000', bootloader: 'default' },
    },
    switchReset: { unit: 1, bootloader: true },
    switchCreateEdid: { name: 'Mine', data: EDID },
    switchChangeEdid: { id: ID, name: 'Mine', data: EDID },
    switchRemoveEdid: { id: ID },
    switchAtxPower: { port: 0, action: 'on' },
    switchAtxClick: { port: 1.1, button: 'reset' },
    streamer: NONE,
    streamerSetParams: {
      ...{ quality: 50, desired_fps: 0, resolution: '640x480', h264_bitrate: 5000, h264_gop: 30 },
    },
    streamerReset: NONE,
    streamerSnapshot: SNAPSHOT,
    streamerRemoveSnapshot: NONE,
    streamerOcr: NONE,
    media: NONE,
    whep: NONE,
    whepEnd: { id: '0123456789abcdef'.repeat(2) },
    exportPrometheusMetrics: NONE,
  };

const REFUSAL = { ok: false, result: { error: 'UnavailableError', error_msg: 'Not now' } };

test.each(Object.keys(OPERATIONS) as OperationName[])(
  '%s says all that it is told',
  async (name) => {
    const { method, path, body, params } = OPERATIONS[name];
    let seen = { url: new URL('http://x'), method: '', form: '' };
    const client = createClient({
      baseUrl: 'http://kvm.example/m/lab',
      fetch: async (url, init) => {
        const form = String(init?.body ?? '');
        seen = { url: new URL(String(url)), method: init?.method ?? 'GET', form };
        return new Response(JSON.stringify(REFUSAL), { status: 503 });
      },
    });
    const call = client.call(name as 'authLogin', ARGUMENTS[name] as typeof ARGUMENTS.authLogin);
    await expect(call).rejects.toEqual(new ApiError('UnavailableError', 503, 'Not now'));
    expect([seen.method, seen.url.pathname]).toEqual([method, `/m/lab/api${path}`]);
    const fields = body === 'form' ? new URLSearchParams(seen.form) : seen.url.searchParams;
    const parsed = parseParams(params, (field) => fields.get(field) ?? undefined);
    expect(parsed).toEqual(ARGUMENTS[name]);
  },
);
