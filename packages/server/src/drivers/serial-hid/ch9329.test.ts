import { expect, it } from 'vitest';
import { FakeCh9329 } from '../../../test/fakes/fake-ch9329.ts';
import { see, serialRig } from '../../../test/support/serial-rig.ts';
import { until } from '../../core/state.ts';
import { createCh9329 } from './ch9329.ts';
import type { SerialHid } from './serial-hid.ts';

const UP = '0000000000000000';
const A = '0000040000000000';

/** Longer than a busy processor may hold up an answer. */
const PATIENT_S = 10;
const IMPATIENT_S = 0.3;

const rig = (read_timeout: number) =>
  serialRig(FakeCh9329, (device, context) =>
    createCh9329({ device, speed: 9600, read_timeout }, context),
  );

/** Reports that say something new. */
const changes = (reports: readonly string[]) =>
  reports.filter((report, at) => report !== reports[at - 1]);

/** The driver with its device plugged in, which has let everything go. */
async function pluggedIn(readTimeoutS = PATIENT_S) {
  const all = rig(readTimeoutS);
  all.fake.plug();
  await isOnline(all.hid);
  await all.hid.drained(0);
  all.fake.reports.length = 0;
  all.fake.others.length = 0;
  return all;
}

const isOnline = (hid: SerialHid) => until(hid.state, ({ keyboard }) => keyboard.online);
const isOffline = (hid: SerialHid) => until(hid.state, ({ online }) => !online);

it('first lets everything go, and leaves the pointer where it is', async () => {
  const { fake, hid } = rig(PATIENT_S);
  fake.plug();
  await isOnline(hid);
  await hid.drained(0);
  expect(fake.reports).toEqual([UP]);
  expect(fake.others).toEqual(['05050100000000']);
  const outputs = { available: ['usb', 'usb_rel'], active: 'usb' };
  expect(hid.state.value).toMatchObject({
    ...{ online: true, busy: false, connected: null },
    mouse: { online: true, absolute: true, outputs },
  });
});

it('sends 1,000 keys as reports in order, and none is lost', async () => {
  const { fake, hid } = await pluggedIn();
  for (let count = 0; count < 500; count += 1) {
    for (const key of ['KeyA', 'Enter'] as const) {
      hid.key(key, true);
      hid.key(key, false);
    }
  }
  expect(hid.backlog).toBe(2000);
  await hid.drained(0);
  expect(fake.reports).toEqual(Array(500).fill([A, UP, '0000280000000000', UP]).flat());
});

it('loses nothing to a spoilt or a missing answer, nor to noise', async () => {
  const { fake, hid } = await pluggedIn(IMPATIENT_S);
  for (const mood of ['garbage', 'silent', 'noise'] as const) {
    fake.reports.length = 0;
    Object.assign(fake, { mood, moodLasts: 1 });
    hid.key('KeyA', true);
    hid.key('KeyA', false);
    await hid.drained(0);
    expect(changes(fake.reports)).toEqual([A, UP]);
    expect(hid.ready).toBe(true);
  }
});

it('drops what waits for a device that stays silent, and begins with a release', async () => {
  const { fake, hid, log } = await pluggedIn(IMPATIENT_S);
  hid.key('KeyA', true);
  await hid.drained(0);
  fake.mood = 'silent';
  hid.key('KeyA', false);
  hid.key('KeyS', true);
  await see(() => expect(hid.ready).toBe(false));
  expect(hid.backlog).toBe(0);
  await see(() => expect(log.messages.join()).toContain('check the wires, hid.type and hid.speed'));
  hid.key('KeyD', true);
  expect(hid.backlog).toBe(0);
  fake.reports.length = 0;
  fake.mood = 'helpful';
  await isOnline(hid);
  await hid.drained(0);
  expect(changes(fake.reports)).toEqual([UP]);
  expect(log.messages.filter((message) => message.includes('cannot be reached'))).toHaveLength(1);
  expect(log.messages).toContain('info The keyboard and mouse are back');
});

it('finds a device that is unplugged and plugged in again', async () => {
  const { fake, hid, log } = await pluggedIn();
  hid.key('KeyA', true);
  await hid.drained(0);
  fake.unplug();
  await isOffline(hid);
  await see(() => expect(log.messages.join()).toContain('there is no such port: plug the adapter'));
  fake.reports.length = 0;
  fake.plug();
  await isOnline(hid);
  hid.key('KeyS', true);
  await hid.drained(0);
  expect(fake.reports).toEqual([UP, '0000160000000000']);
});

it('shows the lights, and that no computer is there', async () => {
  const { fake, hid } = await pluggedIn();
  fake.leds = 1 | 2;
  await until(hid.state, ({ keyboard: { leds } }) => leds.num && leds.caps && !leds.scroll);
  fake.leds = 4;
  await until(hid.state, ({ keyboard: { leds } }) => leds.scroll && !leds.num && !leds.caps);
  fake.hasHost = false;
  await until(hid.state, ({ online, keyboard }) => online && !keyboard.online);
  expect(hid.ready).toBe(false);
  expect(hid.state.value.mouse.online).toBe(false);
  fake.hasHost = true;
  await isOnline(hid);
  await hid.drained(0);
  expect(fake.reports).toEqual([UP]);
});

it('has the mouse that was chosen, and lets the one before go', async () => {
  const { fake, hid } = await pluggedIn();
  hid.moveBy(1, 1);
  hid.move(0, 0);
  await hid.drained(0);
  hid.button('left', true);
  hid.wheel(0, -2);
  hid.wheel(3, 0);
  await hid.drained(0);
  const absolute = ['0407020000080008 00', '0407020100080008 00', '0407020100080008 fe'];
  expect(fake.others).toEqual(absolute.map((one) => one.replace(' ', '')));
  fake.others.length = 0;
  await hid.setMouseOutput('usb_rel');
  await until(hid.state, ({ busy }) => !busy);
  expect(hid.state.value.mouse).toMatchObject({ absolute: false, outputs: { active: 'usb_rel' } });
  hid.move(5, 5);
  hid.moveBy(10, -10);
  await hid.drained(0);
  expect(fake.others).toEqual(
    ['05050100000000', '04070200000800 0800', '050501000af600'].map((one) => one.replace(' ', '')),
  );
  await hid.setMouseOutput('ps2');
  expect(hid.state.value.mouse.outputs.active).toBe('usb_rel');
});

it('lets everything go when the server ends, and starts the chip anew on request', async () => {
  const { fake, hid } = await pluggedIn();
  hid.key('KeyA', true);
  await hid.reset();
  await see(() => expect(fake.others).toContain('0f00'));
  await until(hid.state, ({ busy, online }) => online && !busy);
  hid.key('KeyA', true);
  await hid.drained(0);
  await hid[Symbol.asyncDispose]();
  expect(fake.reports.at(-1)).toBe(UP);
  expect(fake.reports.at(-2)).toBe(A);
});
