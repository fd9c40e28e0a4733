import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { NullHidDriver } from '../../test/fakes/null-hid-driver.ts';
import { Hid } from './hid.ts';
import { silentLog } from './log.ts';

const driver = () => new NullHidDriver();

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('moves to and fro around the last place, ends there, and waits for the interval', async () => {
  const device = driver();
  const hid = new Hid({
    driver: device,
    log: silentLog,
    jiggler: { enabled: true, active: false, intervalS: 60 },
  });
  hid.session('a').move(1000, 32767);
  device.taken();
  await hid.setParams({ jiggler: true });
  vi.advanceTimersByTime(2_500);
  const calls = device.taken();
  expect(calls).toHaveLength(11);
  expect(calls[0]).toEqual(['move', 1100, 32767]);
  expect(calls[1]).toEqual(['move', 900, 32667]);
  expect(calls.at(-1)).toEqual(['move', 1000, 32767]);
  vi.advanceTimersByTime(44_000);
  expect(device.taken()).toEqual([]);
  vi.advanceTimersByTime(33_000);
  expect(device.taken()).toHaveLength(11);
  hid.close();
});

test('steps to and fro in relative mode', async () => {
  const device = driver();
  const hid = new Hid({ driver: device, log: silentLog });
  await hid.setParams({ mouse_output: 'usb_rel', jiggler: true });
  device.taken();
  vi.advanceTimersByTime(2_500);
  const calls = device.taken();
  expect(calls).toHaveLength(10);
  expect(calls.reduce((sum, [, dx]) => sum + Number(dx), 0)).toBe(0);
  hid.close();
});

test('rests while somebody is there, and when it is off', async () => {
  const device = driver();
  const hid = new Hid({
    driver: device,
    log: silentLog,
    jiggler: { enabled: true, active: true, intervalS: 4 },
  });
  const session = hid.session('a');
  vi.advanceTimersByTime(2_500);
  expect(device.taken()).toHaveLength(11);
  for (let i = 0; i < 30; i += 1) {
    session.clickKey('KeyA');
    vi.advanceTimersByTime(1000);
  }
  expect(device.taken().every(([name]) => name === 'key')).toBe(true);
  await hid.setParams({ jiggler: false });
  vi.advanceTimersByTime(60_000);
  expect(device.taken()).toEqual([]);
  hid.close();
});

test('cannot be switched on where it is disabled', async () => {
  const device = driver();
  const hid = new Hid({
    driver: device,
    log: silentLog,
    jiggler: { enabled: false, active: true, intervalS: 1 },
  });
  await hid.setParams({ jiggler: true });
  expect(hid.state.value.jiggler).toEqual({ enabled: false, active: false, interval: 1 });
  vi.advanceTimersByTime(10_000);
  expect(device.taken()).toEqual([]);
  hid.close();
});
