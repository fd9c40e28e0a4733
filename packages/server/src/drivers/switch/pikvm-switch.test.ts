import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SwitchState } from '@crashcart/api';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FakePikvmSwitch } from '../../../test/fakes/fake-pikvm-switch.ts';
import { MemorySettings, memorySwitch } from '../../../test/fakes/memory-switch.ts';
import { RECORDED_EDID } from '../../../test/support/golden-switch.ts';
import { silentLog } from '../../core/log.ts';
import { StateCell } from '../../core/state.ts';
import type { Switch } from '../../core/switch.ts';
import type { SwitchSettings } from '../../core/switch-settings.ts';
import { PikvmSwitch, type SwitchTimes } from './pikvm-switch.ts';

const QUICK: SwitchTimes = {
  ...{ lookMs: 20, retryMs: 20, maxRetryMs: 50, askMs: 100, silenceMs: 300 },
};
const SWITCH_TO = 5;
const ATX_CLICK = 8;
const SET_EDID = 9;

/** A Switch of ours and the chain that it may find. */
function rig(settings?: SwitchSettings) {
  const dir = mkdtempSync(join(tmpdir(), 'pikvm-switch-'));
  const fake = new FakePikvmSwitch(join(dir, 'kvmd-switch'));
  const warn = vi.fn();
  const log = { ...silentLog, warn };
  const driver = new PikvmSwitch({ device: fake.path, log, times: QUICK });
  const store = new MemorySettings(settings);
  const defaultEdid = new StateCell<Uint8Array>(Buffer.from(RECORDED_EDID, 'hex'));
  const units = memorySwitch({ driver, store, defaultEdid, log });
  onTestFinished(async () => {
    await units.close();
    await driver[Symbol.asyncDispose]();
    fake.unplug();
    rmSync(dir, { recursive: true });
  });
  return { fake, units, driver, store, defaultEdid, warn };
}

/** Waits for a state, for long: other tests may have the processor. */
function see(units: Switch, check: (state: SwitchState) => void): Promise<void> {
  return vi.waitFor(() => check(units.state.value), { timeout: 10_000, interval: 5 });
}

const isReady = (ports: number) => (state: SwitchState) => {
  expect(state.model.ports).toHaveLength(ports);
  expect(state.summary.synced).toBe(true);
};

describe('a chain of units', () => {
  it('is brought to what is set, and shown', async () => {
    const { fake, units } = rig();
    expect(units.state.value.model.ports).toEqual([]);
    fake.plug(2);
    await see(units, isReady(8));
    const { summary, atx, video, edids } = units.state.value;
    expect(summary).toEqual({ active_port: 0, active_id: '1.1', synced: true });
    expect(atx.leds.power).toEqual([true, ...Array(7).fill(false)]);
    expect(video.links).toEqual([true, true, false, false, true, true, false, false]);
    expect(edids.used).toEqual(Array(8).fill('default'));
    expect(fake.requests.filter(({ op }) => op === SET_EDID)).toHaveLength(8);
    units.setActive(2.3);
    await see(units, ({ summary }) => {
      expect(summary).toEqual({ active_port: 6, active_id: '2.3', synced: true });
    });
    for (const select of [() => units.setActivePrev(), () => units.setActiveNext()]) select();
    units.setActiveNext();
    units.setActiveNext();
    await see(units, ({ summary }) => expect(summary.active_port).toBe(7));
  });

  it('keeps what is set, and gets it again after it was pulled out', async () => {
    const { fake, units, store } = rig();
    fake.plug(1);
    await see(units, isReady(4));
    const id = units.createEdid('Mine', `${RECORDED_EDID.slice(0, 254)}00`);
    const delays = { power: 1.5, reset: 0.5 };
    units.setPortParams(1, { name: 'web', edid: id, dummy: false, delays });
    units.setColors({ beacon: { red: 1, green: 2, blue: 3, brightness: 4, blink_ms: 5 } });
    units.setActive(3);
    await see(units, isReady(4));
    await vi.waitFor(() => {
      expect(store.value.ports).toEqual({
        1: { name: 'web', edid: id, dummy: false, delays: { power: 1.5 } },
      });
      expect(store.value.colors.beacon?.blink_ms).toBe(5);
    });
    fake.unplug();
    await see(units, ({ model, summary, edids }) => {
      expect(model.ports).toEqual([]);
      expect(summary).toEqual({ active_port: -1, active_id: '', synced: true });
      expect(edids.all[id]?.name).toBe('Mine');
    });
    fake.requests.length = 0;
    fake.plug(1);
    await see(units, isReady(4));
    expect(units.state.value.summary.active_port).toBe(3);
    expect(units.state.value.model.ports[1]?.name).toBe('web');
    expect(fake.requests).toContainEqual({ op: SWITCH_TO, unit: 0, body: '03' });
    units.removeEdid(id);
    await see(units, ({ edids }) => expect(edids.used[1]).toBe('default'));
    expect(() => units.removeEdid(id)).toThrow('No specified EDID ID found');
    expect(() => units.setPortParams(0, { edid: id })).toThrow('No specified EDID ID found');
  });

  it('gets shorter and longer', async () => {
    const { fake, units } = rig();
    fake.plug(3);
    await see(units, isReady(12));
    fake.shorten(1);
    await see(units, isReady(4));
    expect(units.state.value.summary.active_id).toBe('1');
  });

  it('presses buttons only where that makes sense', async () => {
    const { fake, units } = rig({
      ...{ edids: {}, colors: {} },
      ports: { 1: { delays: { power: 0.05 } } },
    });
    fake.plug(1);
    await see(units, isReady(4));
    const clicks = () => fake.requests.filter(({ op }) => op === ATX_CLICK).map(({ body }) => body);
    units.atxPower(0, 'on');
    units.atxPower(1, 'off');
    units.atxPower(1, 'off_hard');
    units.atxPower(1, 'reset_hard');
    units.atxClick(99, 'power');
    units.atxPower(1, 'on');
    await see(units, ({ atx }) => expect(atx.leds.power[1]).toBe(true));
    expect(clicks()).toEqual(['01003200']);
    units.atxPower(1, 'off_hard');
    await see(units, ({ atx }) => expect(atx.busy[1]).toBe(true));
    units.atxClick(1, 'reset');
    units.atxClick(2, 'reset');
    await see(units, ({ atx }) => expect(atx.busy[2]).toBe(true));
    expect(clicks()).toEqual(['01003200', '01007c15', '0201f401']);
  });

  it('gets another default EDID when the file has one', async () => {
    const { fake, units, defaultEdid } = rig();
    fake.plug(1);
    await see(units, isReady(4));
    fake.requests.length = 0;
    defaultEdid.set(new Uint8Array());
    await see(units, isReady(4));
    expect(fake.requests.map(({ op }) => op)).toEqual([10, 10, 10, 10]);
    expect(units.state.value.edids.all.default).toEqual({
      ...{ name: 'Default', data: '', parsed: null },
    });
  });
});

describe('a line in trouble', () => {
  it('survives garbage and half frames', async () => {
    const { fake, units } = rig();
    fake.plug(1);
    await see(units, isReady(4));
    for (const garbage of [
      '00f2f0f0ff',
      'f101',
      'f1010000040001',
      'f102000007',
      'ff'.repeat(900),
    ]) {
      fake.write(Buffer.from(garbage, 'hex'));
    }
    fake.setPower(0, 0b0110);
    await see(units, ({ atx }) => expect(atx.leds.power).toEqual([false, true, true, false]));
  });

  it('is offline while it is silent, and comes back', async () => {
    const { fake, units, warn } = rig();
    fake.plug(1);
    await see(units, isReady(4));
    fake.mood = 'silent';
    await see(units, ({ model }) => expect(model.ports).toEqual([]));
    await vi.waitFor(() => expect(warn).toHaveBeenCalled(), { timeout: 10_000 });
    fake.mood = 'helpful';
    await see(units, isReady(4));
  });

  it('is not flooded when it refuses everything', async () => {
    const { fake, units } = rig();
    fake.mood = 'refusing';
    fake.plug(1);
    await see(units, ({ model }) => expect(model.ports).toHaveLength(4));
    for (let time = 0; time < 20; time += 1) fake.tell();
    fake.setPower(0, 0b1000);
    await see(units, ({ atx }) => expect(atx.leds.power[3]).toBe(true));
    expect(fake.requests.filter(({ op }) => op === SET_EDID).length).toBeLessThan(3);
    expect(units.state.value.summary.synced).toBe(false);
  });

  it('drops what is asked while nothing is plugged in', async () => {
    const { fake, units, driver } = rig();
    units.setActive(1);
    units.setBeacon({ port: 0 }, true);
    units.reset(0, { bootloader: true });
    expect(driver.send({ op: 'reboot', unit: 0 })).toBeUndefined();
    fake.plug(1);
    await see(units, isReady(4));
    expect(units.state.value.summary.active_port).toBe(0);
    expect(fake.requests.map(({ op }) => op)).not.toContain(2);
    units.setBeacon({ uplink: 0 }, true);
    units.setBeacon({ uplink: 255 }, true);
    await see(units, ({ beacons }) => expect(beacons.uplinks).toEqual([true]));
    expect(fake.requests.map(({ unit, op }) => op === 6 && unit)).not.toContain(255);
  });
});
