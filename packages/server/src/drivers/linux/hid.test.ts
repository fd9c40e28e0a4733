import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeHidGadget } from '../../../test/fakes/fake-hid-gadget.ts';
import { FakeUdc } from '../../../test/fakes/fake-udc.ts';
import { eventually } from '../../../test/support/gpio-context.ts';
import { type Log, silentLog } from '../../core/log.ts';
import { until } from '../../core/state.ts';
import { OtgHid, type OtgHidOptions } from './hid.ts';

const KEYBOARD = '/dev/kvmd-hid-keyboard';
const MOUSE = '/dev/kvmd-hid-mouse';
const ALT = '/dev/kvmd-hid-mouse-alt';
const UP = '0000000000000000';
const A = '0000040000000000';
const times = { select_timeout: 0.02, queue_timeout: 0.01, write_retries: 3 };

let directory: string;
let udc: FakeUdc;
let gadget: FakeHidGadget;
let hid: OtgHid;
const warnings: string[] = [];
const log: Log = { ...silentLog, warn: (_details, message) => warnings.push(message) };

function start(mouse: Partial<OtgHidOptions['mouse']> = {}, alt = ALT): Promise<OtgHid> {
  const options: OtgHidOptions = {
    keyboard: { device: KEYBOARD, ...times },
    mouse: {
      ...{ device: MOUSE, ...times, absolute: true, absolute_win98_fix: false },
      ...{ horizontal_wheel: true, ...mouse },
    },
    mouse_alt: { device: alt, ...times, horizontal_wheel: true },
  };
  return OtgHid.start(options, { log, system: { hidGadget: gadget, sysDir: udc.sysDir } });
}

const online = (wanted: boolean) =>
  until(hid.state, ({ keyboard }) => keyboard.online === wanted, AbortSignal.timeout(10_000));

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'otg-hid-'));
  udc = await FakeUdc.create(directory);
  gadget = new FakeHidGadget(KEYBOARD, MOUSE, ALT);
  hid = await start();
});
afterEach(async () => {
  await hid[Symbol.asyncDispose]();
  expect(gadget.openCount, 'files that were left open').toBe(0);
  await rm(directory, { recursive: true });
  warnings.length = 0;
});

describe('a gadget that the host has', () => {
  test('is online at once, and gets a release of the keys that somebody left down', () => {
    expect(hid.state.value).toMatchObject({
      ...{ online: true, keyboard: { online: true }, mouse: { online: true, absolute: true } },
    });
    expect(gadget.taken(KEYBOARD)).toEqual([UP]);
    // The pointer must not jump because a server starts.
    expect(gadget.taken(MOUSE)).toEqual([]);
    expect(hid.ready).toBe(true);
  });

  test('gets every event at once and in order', async () => {
    gadget.taken(KEYBOARD);
    hid.key('KeyA', true);
    expect(gadget.taken(KEYBOARD)).toEqual([A]);
    hid.key('ShiftLeft', true);
    hid.key('KeyA', false);
    hid.move(0, 0);
    hid.button('left', true);
    hid.button('left', false);
    hid.wheel(1, -1);
    await hid.drained(0);
    expect(gadget.taken(KEYBOARD)).toEqual(['0200040000000000', '0200000000000000']);
    expect(gadget.taken(MOUSE)).toEqual([
      ...['00ff3fff3f0000', '01ff3fff3f0000', '00ff3fff3f0000', '00ff3fff3fff01'],
    ]);
  });

  test('a slow host gets them all but the moves that were overtaken', async () => {
    gadget.setHost(MOUSE, 'stalls');
    for (const x of [1, 2, 3]) hid.move(x * 256, 0);
    hid.button('left', true);
    for (const x of [4, 5]) hid.move(x * 256, 0);
    expect(hid.backlog).toBeGreaterThan(0);
    gadget.setHost(MOUSE, 'fetches');
    await hid.drained(0, AbortSignal.timeout(10_000));
    const places = gadget.taken(MOUSE).map((report) => report.slice(0, 6));
    expect(places).toEqual(['007f40', '00ff40', '007f41', '017f41', '017f42']);
  });

  test('the other mouse gets its turn when its output is chosen', async () => {
    hid.button('left', true);
    gadget.taken(MOUSE);
    expect(hid.state.value.mouse.outputs).toEqual({ available: ['usb', 'usb_rel'], active: 'usb' });
    await hid.setMouseOutput('usb_rel');
    expect(gadget.taken(MOUSE)).toEqual(['00000000000000']);
    hid.move(0, 0);
    hid.moveBy(10, -10);
    hid.wheel(3, 5);
    await hid.drained(0);
    expect(gadget.taken(ALT)).toEqual(['000af60000', '0000000503']);
    expect(gadget.taken(MOUSE)).toEqual([]);
    expect(hid.state.value.mouse).toMatchObject({
      absolute: false,
      outputs: { active: 'usb_rel' },
    });
    await hid.setMouseOutput('usb');
    hid.moveBy(1, 1);
    expect(gadget.taken(ALT)).toEqual(['0000000000']);
  });

  test('without a second mouse there is nothing to choose', async () => {
    await hid[Symbol.asyncDispose]();
    hid = await start({ absolute: false, horizontal_wheel: false }, '');
    expect(hid.state.value.mouse).toMatchObject({
      ...{ online: true, absolute: false, outputs: { available: [], active: '' } },
    });
    hid.moveBy(1, 2);
    await hid.setMouseOutput('usb');
    hid.moveBy(3, 4);
    expect(gadget.taken(MOUSE)).toEqual(['00010200', '00030400']);
  });

  test('Windows 98 gets coordinates of its own', async () => {
    await hid[Symbol.asyncDispose]();
    hid = await start({ absolute_win98_fix: true });
    expect(hid.state.value.mouse.outputs.available).toEqual(['usb', 'usb_win98', 'usb_rel']);
    await hid.setMouseOutput('usb_win98');
    hid.move(32_767, 0);
    expect(gadget.taken(MOUSE).at(-1)).toBe('00fefffe7f0000');
  });

  test('a reset lets everything go on all devices', async () => {
    hid.key('KeyA', true);
    hid.button('right', true);
    for (const path of [KEYBOARD, MOUSE, ALT]) gadget.taken(path);
    await hid.reset();
    expect(gadget.taken(KEYBOARD)).toEqual([UP]);
    expect(gadget.taken(MOUSE)).toEqual(['00000000000000']);
    expect(gadget.taken(ALT)).toEqual(['0000000000']);
    hid.key('KeyA', false);
    expect(gadget.taken(KEYBOARD)).toEqual([]);
  });

  test('its lights are told, the last of several that came together', () => {
    gadget.output(KEYBOARD, 1, 2);
    expect(hid.state.value.keyboard.leds).toEqual({ caps: true, num: false, scroll: false });
  });

  test('what is held is let go when the server ends', async () => {
    hid.key('KeyA', true);
    gadget.taken(KEYBOARD);
    await hid[Symbol.asyncDispose]();
    expect(gadget.taken(KEYBOARD)).toEqual([UP]);
    expect(gadget.isFollowed(KEYBOARD)).toBe(false);
  });
});

describe('a host that does not fetch', () => {
  test('takes the keyboard offline, and has nothing down when it fetches again', async () => {
    gadget.taken(KEYBOARD);
    gadget.setHost(KEYBOARD, 'stalls');
    hid.key('KeyA', true);
    hid.key('KeyA', false);
    hid.key('KeyB', true);
    await online(false);
    expect(hid.backlog).toBe(0);
    expect(hid.ready).toBe(false);
    expect(hid.state.value.mouse.online).toBe(true);
    gadget.setHost(KEYBOARD, 'fetches');
    await online(true);
    expect(gadget.taken(KEYBOARD)).toEqual([A, UP]);
    hid.key('KeyB', false);
    hid.key('KeyC', true);
    await hid.drained(0);
    expect(gadget.taken(KEYBOARD)).toEqual(['0000060000000000']);
    expect(warnings).toEqual([]);
  });

  test('is asked rarely after a while, and heard as soon as somebody types', async () => {
    gadget.setHost(KEYBOARD, 'stalls');
    hid.key('KeyA', true);
    hid.key('KeyA', false);
    await online(false);
    await eventually(() => expect(gadget.attempts).toBeGreaterThan(5));
    gadget.setHost(KEYBOARD, 'fetches');
    hid.key('KeyB', true);
    await hid.drained(0);
    expect(hid.ready).toBe(true);
    expect(gadget.taken(KEYBOARD)).toEqual([UP, A, UP, '0000050000000000']);
  });
});

describe('a host that goes', () => {
  test('takes everything offline at once; nothing is kept for it', async () => {
    hid.key('KeyA', true);
    gadget.output(KEYBOARD, 2);
    await udc.setState('not attached');
    await online(false);
    expect(hid.state.value).toMatchObject({ online: false, mouse: { online: false } });
    expect(hid.state.value.keyboard.leds.caps).toBe(false);
    gadget.taken(KEYBOARD);
    hid.key('KeyA', false);
    hid.key('KeyB', true);
    hid.move(0, 0);
    expect(hid.backlog).toBe(0);
    await udc.setState('configured');
    await online(true);
    expect(gadget.taken(KEYBOARD)).toEqual([UP]);
    expect(gadget.taken(MOUSE)).toEqual([]);
    hid.key('KeyC', true);
    expect(gadget.taken(KEYBOARD)).toEqual(['0000060000000000']);
    gadget.output(KEYBOARD, 4);
    expect(hid.state.value.keyboard.leds.scroll).toBe(true);
  });

  test('has the mouse where it was, without its buttons, when it comes back', async () => {
    hid.move(0, 0);
    hid.button('left', true);
    await udc.bind(false);
    await online(false);
    gadget.taken(MOUSE);
    await udc.bind(true);
    await until(hid.state, ({ mouse }) => mouse.online, AbortSignal.timeout(10_000));
    expect(gadget.taken(MOUSE)).toEqual(['00ff3fff3f0000']);
  });

  test('and comes back at once does not get a key that was meant for before', async () => {
    gadget.taken(KEYBOARD);
    gadget.setHost(KEYBOARD, 'stalls');
    hid.key('ShiftLeft', true);
    hid.key('KeyA', true);
    await udc.setState('not attached');
    await online(false);
    gadget.setHost(KEYBOARD, 'gone');
    gadget.setHost(KEYBOARD, 'fetches');
    await udc.setState('configured');
    await online(true);
    expect(gadget.taken(KEYBOARD)).toEqual([UP]);
  });

  test('is not woken by us, but by who types', async () => {
    await udc.setState('suspended');
    await online(false);
    gadget.taken(KEYBOARD);
    const before = gadget.attempts;
    gadget.setHost(KEYBOARD, 'stalls');
    hid.key('KeyA', true);
    hid.key('KeyA', false);
    await hid.drained(0, AbortSignal.timeout(10_000));
    const { attempts } = gadget;
    expect(attempts).toBeGreaterThan(before);
    gadget.setHost(KEYBOARD, 'fetches');
    expect(gadget.taken(KEYBOARD)).toEqual([A]);
    expect(gadget.attempts).toBe(attempts);
    await udc.setState('configured');
    await online(true);
    expect(gadget.taken(KEYBOARD)).toEqual([UP]);
  });

  test('while a report is written is no trouble, and its files are opened anew', async () => {
    gadget.setHost(KEYBOARD, 'gone');
    hid.key('KeyA', true);
    await online(false);
    expect(warnings).toEqual([]);
    gadget.setHost(KEYBOARD, 'fetches');
    await online(true);
    expect(gadget.taken(KEYBOARD)).toEqual([UP, UP]);
  });
});

describe('files that are not there', () => {
  test('are told once, and taken as they come', async () => {
    await hid[Symbol.asyncDispose]();
    gadget.paths.delete(KEYBOARD);
    hid = await start();
    expect(hid.state.value).toMatchObject({ online: true, keyboard: { online: false } });
    const told = expect.stringMatching(/^The USB device takes no input: .*crashcart otg start/);
    await eventually(() => expect(warnings).toEqual([told]));
    gadget.paths.add(KEYBOARD);
    await online(true);
    gadget.output(KEYBOARD, 1);
    expect(hid.state.value.keyboard.leds.num).toBe(true);
    expect(warnings).toHaveLength(1);
  });

  test('where nothing is known of the controller, writing tells', async () => {
    await hid[Symbol.asyncDispose]();
    await udc.removeGadget();
    await rm(join(directory, 'class'), { recursive: true });
    hid = await start();
    expect(hid.state.value.keyboard.online).toBe(true);
  });

  test('a gadget of another name is on the first controller', async () => {
    await hid[Symbol.asyncDispose]();
    await udc.removeGadget();
    hid = await start();
    expect(hid.ready).toBe(true);
    await udc.setState('not attached');
    await online(false);
  });
});
