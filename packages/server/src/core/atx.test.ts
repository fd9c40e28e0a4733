import { KvmError } from '@crashcart/api';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeAtxDriver } from '../../test/fakes/fake-atx-driver.ts';
import { DisabledAtx } from '../drivers/disabled/atx.ts';
import { Atx, IGNORED_NOTICE } from './atx.ts';
import { silentLog } from './log.ts';
import { until } from './state.ts';

const busy = new KvmError('AtxIsBusyError');
let driver: FakeAtxDriver;
let atx: Atx;

beforeEach(() => {
  driver = new FakeAtxDriver();
  atx = new Atx({ driver, log: silentLog });
});
afterEach(() => atx.close());

test('asking for what is there already presses nothing', async () => {
  for (const action of ['off', 'off_hard', 'reset_hard'] as const) await atx.power(action, true);
  driver.leds.patch({ power: true });
  await atx.power('on', true);
  expect(driver.presses).toEqual([]);
});

test.each([
  ['off', 'power', 100],
  ['off_hard', 'power', 5500],
  ['reset_hard', 'reset', 100],
] as const)('%s presses %s for %d ms', async (action, button, ms) => {
  driver.leds.patch({ power: true });
  await atx.power(action, false);
  expect(driver.presses).toEqual([[button, ms]]);
});

test('without wait it answers before the button is up; power and reset are separate', async () => {
  await atx.power('on', false);
  expect(driver.down).toEqual(new Set(['power']));
  await expect(atx.power('on', false)).rejects.toEqual(busy);
  await expect(atx.click('power_long', true)).rejects.toEqual(busy);
  await atx.click('reset', false);
  expect(atx.state.value).toEqual({
    enabled: true,
    busy: true,
    acts: { power: true, reset: true },
    leds: { power: false, hdd: false },
  });
});

test('busy lasts for the click and one second more', async () => {
  const beganMs = performance.now();
  await atx.click('power', true);
  expect(performance.now() - beganMs).toBeGreaterThanOrEqual(1095);
  expect(atx.state.value.busy).toBe(false);
});

test('a press that fails is told to who waits, and frees the region', async () => {
  driver.failure = new Error('unplugged');
  await expect(atx.click('reset', true)).rejects.toThrow('unplugged');
  await atx.click('reset', false);
  await until(atx.state, (state) => !state.busy);
  driver.failure = undefined;
  await atx.click('reset', false);
  expect(driver.presses).toEqual([['reset', 100]]);
});

test('closing releases the buttons and ends the waits', async () => {
  const waiting = atx.click('power_long', true);
  await atx.click('reset', false);
  const refused = expect(waiting).rejects.toEqual(new KvmError('UnavailableError'));
  await atx.close();
  await refused;
  expect(driver.down.size).toBe(0);
  await expect(atx.click('power', false)).rejects.toEqual(new KvmError('UnavailableError'));
});

test('a disabled ATX refuses', async () => {
  const none = new Atx({ driver: new DisabledAtx(), log: silentLog });
  const disabled = new KvmError('AtxDisabledError');
  await expect(none.power('off', false)).rejects.toEqual(disabled);
  await expect(none.click('reset', true)).rejects.toEqual(disabled);
  expect(none.state.value.enabled).toBe(false);
  await none.close();
});

describe('notice', () => {
  beforeEach(() => {
    // The settling time runs on the real clock; the notice must not wait for it.
    vi.useFakeTimers();
    driver.leds.patch({ power: true });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('comes when the machine stays on for 10 s after a short press, goes when it is off', async () => {
    await atx.power('off', false);
    await vi.advanceTimersByTimeAsync(10_050);
    expect(atx.notice.value).toBeUndefined();
    await vi.advanceTimersByTimeAsync(100);
    expect(atx.notice.value).toBe(IGNORED_NOTICE);
    driver.leds.patch({ hdd: true });
    expect(atx.notice.value).toBe(IGNORED_NOTICE);
    driver.leds.patch({ power: false });
    expect(atx.notice.value).toBeUndefined();
  });

  test('does not come for a machine that obeyed', async () => {
    await atx.power('off', false);
    await vi.advanceTimersByTimeAsync(5_000);
    driver.leds.patch({ power: false });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(atx.notice.value).toBeUndefined();
  });

  test('goes with the next press', async () => {
    await atx.click('power', false);
    await vi.advanceTimersByTimeAsync(11_000);
    expect(atx.notice.value).toBe(IGNORED_NOTICE);
    await atx.click('reset', false);
    expect(atx.notice.value).toBeUndefined();
  });
});
