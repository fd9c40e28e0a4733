import {
  EVENTS,
  type GpioState,
  INFO_CATEGORIES,
  type InfoState,
  type MsdState,
  type OcrState,
  type ServerEvent,
  type StreamerState,
  type SwitchState,
} from '@crashcart/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeAtxDriver } from '../../test/fakes/fake-atx-driver.ts';
import { memorySwitch } from '../../test/fakes/memory-switch.ts';
import { NullHidDriver } from '../../test/fakes/null-hid-driver.ts';
import { Atx } from './atx.ts';
import { EventHub } from './events.ts';
import { Hid } from './hid.ts';
import { silentLog } from './log.ts';
import type { Machine } from './machine.ts';
import { StateCell } from './state.ts';

const INFO: InfoState = {
  auth: { enabled: true },
  extras: null,
  fan: { monitored: false, state: null },
  health: {
    temp: { cpu: 36.5 },
    cpu: { percent: 3 },
    mem: { percent: 3.8, total: 100, available: 90 },
    throttling: null,
  },
  meta: { server: { host: 'host' } },
  node: { host: 'host' },
  system: {
    kvmd: { version: '4.197' },
    streamer: { app: 'ustreamer', version: '6.62', features: {} },
    kernel: { system: 'Linux', release: 'x', version: 'x', machine: 'x86_64' },
    crashcart: { version: '0.1.0' },
  },
  uptime: { total: 1, parts: { days: 0, hours: 0, minutes: 0, seconds: 1 } },
};

const PARAMS = { desired_fps: 30, quality: 80 };
const STREAMER: StreamerState = {
  features: { quality: true, resolution: false, h264: false },
  limits: { desired_fps: { min: 0, max: 40 } },
  params: PARAMS,
  applied: PARAMS,
  streamer: null,
  snapshot: { saved: null },
};

const IMAGE = { complete: true, removable: true, writable: true, size: 1000, mod_ts: 1.5 };
const STORAGE: NonNullable<MsdState['storage']> = {
  images: {},
  parts: { '': { size: 100, free: 50, writable: true } },
  downloading: null,
  uploading: null,
};

const hw = { driver: '__gpio__', pin: '1' };
const pulse = { delay: 0.1, min_delay: 0.1, max_delay: 0.1 };
const GPIO: GpioState = {
  model: {
    scheme: {
      inputs: { led1: { hw }, led2: { hw } },
      outputs: { button1: { switch: false, pulse, hw } },
    },
    view: { header: { title: [{ type: 'label', text: 'GPIO' }] }, table: [] },
  },
  state: {
    inputs: { led1: { online: true, state: false }, led2: { online: true, state: false } },
    outputs: { button1: { online: true, state: false, busy: false } },
  },
};

const hidDriver = new NullHidDriver();
const atxDriver = new FakeAtxDriver();
const cells = {
  gpio: new StateCell<GpioState>(GPIO),
  msd: new StateCell<MsdState>({
    ...{ enabled: false, online: false, busy: false },
    ...{ storage: null, drive: null },
  }),
  streamer: new StateCell<StreamerState>(STREAMER),
  switch: new StateCell<SwitchState>(memorySwitch().state.value),
  info: new StateCell<InfoState>(INFO),
  ocr: new StateCell<OcrState>({ enabled: false, langs: { default: [], available: [] } }),
};
const hid = new Hid({ driver: hidDriver, log: silentLog });
const atx = new Atx({ driver: atxDriver, log: silentLog });

let hub: EventHub;

beforeEach(() => {
  const machine = {
    hid,
    atx,
    gpio: { state: cells.gpio } as unknown as Machine['gpio'],
    msd: { state: cells.msd },
    // A hub reads only the state of it.
    streamer: { state: cells.streamer } as unknown as Machine['streamer'],
    switch: { state: cells.switch },
  };
  hub = new EventHub({ machine, info: cells.info, ocr: cells.ocr });
});
afterEach(() => hub.close());

/** Joins; the events after the snapshot are collected. */
function joined(options?: { readonly stream?: boolean }) {
  const events: ServerEvent[] = [];
  const leave = hub.join((event) => events.push(event), options);
  const snapshot = events.splice(0);
  return { snapshot, events, leave };
}

describe('snapshot', () => {
  test('has loop first, every part once, and info once per category', () => {
    const { snapshot } = joined({ stream: true });
    expect(snapshot.map((event) => event.event_type)).toEqual([
      ...['loop', 'gpio', 'hid', 'hid_keymaps', 'atx', 'msd', 'streamer', 'ocr', 'switch'],
      'clients',
      ...INFO_CATEGORIES.map(() => 'info'),
    ]);
    expect(JSON.stringify(snapshot[0])).toBe(
      '{"event_type":"loop","event":{"version":{"major":4,"minor":197}}}',
    );
    expect(snapshot.slice(-INFO_CATEGORIES.length).map(({ event }) => Object.keys(event))).toEqual(
      INFO_CATEGORIES.map((name) => [name]),
    );
  });

  test('is what the contract says, with the keys of the recordings in their order', () => {
    const { snapshot } = joined();
    for (const { event_type, event } of snapshot) EVENTS[event_type].parse(event);
    const keys = Object.fromEntries(
      snapshot.map(({ event_type, event }) => [event_type, Object.keys(event)]),
    );
    expect(keys.gpio).toEqual(['model', 'state']);
    expect(keys.atx).toEqual(['enabled', 'busy', 'acts', 'leds']);
    expect(keys.msd).toEqual(['enabled', 'online', 'busy', 'storage', 'drive']);
    expect(keys.switch?.slice(0, 4)).toEqual(['model', 'summary', 'edids', 'colors']);
  });

  test('goes to the joiner alone', () => {
    const first = joined();
    joined();
    expect(first.events).toEqual([]);
  });
});

test('counts the members that watch, and tells the others', () => {
  const first = joined({ stream: true });
  const count = (events: readonly ServerEvent[]) =>
    events.flatMap((event) => (event.event_type === 'clients' ? [event.event.count] : []));
  expect(count(first.snapshot)).toEqual([1]);
  const second = joined({ stream: true });
  expect(count(second.snapshot)).toEqual([2]);
  expect(second.events).toEqual([]);
  const third = joined({ stream: false });
  third.leave();
  second.leave();
  second.leave();
  expect(count(first.events)).toEqual([2, 1]);
  expect(hub.clients.value).toBe(1);
});

describe('changes', () => {
  test('atx and hid are told whole, equal values not at all', () => {
    const { events } = joined();
    atxDriver.leds.set({ power: true, hdd: false });
    atxDriver.leds.set({ power: true, hdd: false });
    hidDriver.state.patch({ busy: true });
    expect(events).toEqual([
      { event_type: 'atx', event: atx.state.value },
      { event_type: 'hid', event: hid.state.value },
    ]);
    hidDriver.state.patch({ busy: false });
  });

  test('gpio tells the changed channels alone', () => {
    const { events } = joined();
    const led1 = { online: true, state: true };
    const { inputs } = GPIO.state;
    cells.gpio.patch({ state: { ...GPIO.state, inputs: { ...inputs, led1 } } });
    cells.gpio.set({
      ...GPIO,
      model: { ...GPIO.model, scheme: { inputs: {}, outputs: {} } },
      state: { inputs: {}, outputs: {} },
    });
    expect(events[0]).toEqual({ event_type: 'gpio', event: { state: { inputs: { led1 } } } });
    expect(events[1]?.event).toEqual(cells.gpio.value);
  });

  test('msd tells the changed parts of the storage (recorded)', () => {
    const { events } = joined();
    const uploading = { name: 'ws.img', size: 1000, written: 0 };
    cells.msd.patch({ storage: STORAGE });
    cells.msd.patch({ busy: true, storage: { ...STORAGE, uploading } });
    cells.msd.patch({ busy: false, storage: { ...STORAGE, images: { 'ws.img': IMAGE } } });
    cells.msd.patch({ storage: null });
    expect(events.map(({ event }) => event)).toEqual([
      { storage: STORAGE },
      { busy: true, storage: { uploading } },
      { busy: false, storage: { images: { 'ws.img': IMAGE }, uploading: null } },
      { storage: null },
    ]);
  });

  test('streamer parameters come with their limits, other keys alone', () => {
    const { events } = joined();
    const params = { ...PARAMS, quality: 50 };
    cells.streamer.patch({ snapshot: { saved: { online: true, width: 1, height: 1 } } });
    cells.streamer.patch({ params });
    expect(events.map(({ event }) => event)).toEqual([
      { snapshot: { saved: { online: true, width: 1, height: 1 } } },
      { limits: STREAMER.limits, params, applied: PARAMS },
    ]);
  });

  test('info tells each changed category in an event of its own', () => {
    const { events } = joined();
    cells.info.patch({ node: { host: 'other' }, auth: { enabled: false } });
    expect(events).toEqual([
      { event_type: 'info', event: { auth: { enabled: false } } },
      { event_type: 'info', event: { node: { host: 'other' } } },
    ]);
  });

  test('a member that left or a hub that closed hears nothing', () => {
    const first = joined();
    const second = joined();
    first.leave();
    cells.ocr.patch({ enabled: true });
    expect(first.events).toEqual([]);
    expect(second.events).toHaveLength(1);
    hub.close();
    cells.ocr.patch({ enabled: false });
    expect(second.events).toHaveLength(1);
  });
});
