import { KvmError, relativeFrame } from '@crashcart/api';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { NullHidDriver } from '../../test/fakes/null-hid-driver.ts';
import { DisabledHid } from '../drivers/disabled/hid.ts';
import { Hid } from './hid.ts';
import { silentLog } from './log.ts';
import { until } from './state.ts';

const log = silentLog;
let driver: NullHidDriver;
let hid: Hid;

beforeEach(() => {
  driver = new NullHidDriver();
  hid = new Hid({ driver, log });
});
afterEach(() => hid.close());

describe('keys', () => {
  test('a press with finish is released at once, but not of modifiers and PrintScreen', () => {
    const session = hid.session('a');
    session.key('KeyB', true, true);
    session.key('ShiftLeft', true, true);
    session.key('PrintScreen', true, true);
    expect(driver.taken()).toEqual([
      ['key', 'KeyB', true],
      ['key', 'KeyB', false],
      ['key', 'ShiftLeft', true],
      ['key', 'PrintScreen', true],
    ]);
  });

  test('a click of a modifier only presses it', () => {
    const session = hid.session('a');
    session.clickKey('ControlLeft');
    session.clickKey('KeyA');
    expect(driver.taken()).toEqual([
      ['key', 'ControlLeft', true],
      ['key', 'KeyA', true],
      ['key', 'KeyA', false],
    ]);
  });

  test('a closing session releases only what it alone still holds', () => {
    const one = hid.session('one');
    const two = hid.session('two');
    one.key('ControlLeft', true, false);
    one.key('KeyA', true, false);
    one.key('KeyB', true, false);
    one.key('KeyB', false, false);
    one.button('left', true);
    two.key('ControlLeft', true, false);
    two.key('KeyC', true, false);
    driver.taken();
    one.close();
    expect(driver.taken()).toEqual([
      ['key', 'KeyA', false],
      ['button', 'left', false],
    ]);
    two.close();
    expect(driver.taken()).toEqual([
      ['key', 'KeyC', false],
      ['key', 'ControlLeft', false],
    ]);
  });

  test('a key that two sessions hold goes up with the last release', () => {
    const one = hid.session('one');
    const two = hid.session('two');
    one.key('KeyA', true, false);
    two.key('KeyA', true, false);
    driver.taken();
    one.key('KeyA', false, false);
    one.key('KeyA', false, false);
    expect(driver.taken()).toEqual([]);
    two.key('KeyA', false, false);
    expect(driver.taken()).toEqual([['key', 'KeyA', false]]);
  });

  test('a closed session sends nothing more', () => {
    const session = hid.session('a');
    session.close();
    session.close();
    session.key('KeyA', true, false);
    session.clickButton('left');
    session.move(1, 1);
    session.wheel([{ x: 0, y: 1 }], false);
    expect(driver.taken()).toEqual([]);
  });

  test('ignored keys are never sent', () => {
    const strict = new Hid({ driver, log, ignoreKeys: ['Power'] });
    const session = strict.session('a');
    session.clickKey('Power');
    session.key('Power', true, false);
    session.close();
    strict.close();
    expect(driver.taken()).toEqual([]);
  });

  test('after a reset nobody holds anything', async () => {
    const session = hid.session('a');
    session.key('KeyA', true, false);
    await hid.reset();
    driver.taken();
    session.close();
    expect(driver.taken()).toEqual([]);
  });
});

describe('shortcut', () => {
  test('presses in order and releases in reverse', async () => {
    await hid.sendShortcut(['ControlLeft', 'AltLeft', 'Delete'], 1);
    expect(driver.taken().map(([, key, state]) => `${state ? '+' : '-'}${key}`)).toEqual([
      '+ControlLeft',
      '+AltLeft',
      '+Delete',
      '-Delete',
      '-AltLeft',
      '-ControlLeft',
    ]);
  });

  test('releases what is down when it is aborted', async () => {
    const stop = new AbortController();
    const done = hid.sendShortcut(['ControlLeft', 'KeyC'], 5000, stop.signal);
    stop.abort(new Error('gone'));
    await expect(done).rejects.toThrow('gone');
    expect(driver.taken()).toEqual([
      ['key', 'ControlLeft', true],
      ['key', 'ControlLeft', false],
    ]);
  });

  test('leaves a modifier down that another session holds', async () => {
    hid.session('a').key('ControlLeft', true, false);
    driver.taken();
    await hid.sendShortcut(['ControlLeft', 'KeyC'], 0);
    expect(driver.taken()).not.toContainEqual(['key', 'ControlLeft', false]);
  });
});

describe('mouse', () => {
  test('absolute moves pass in absolute mode only, relative ones in relative mode only', async () => {
    const session = hid.session('a');
    session.move(100, -100);
    session.moveBy([{ x: 1, y: 1 }], false);
    expect(driver.taken()).toEqual([['move', 100, -100]]);
    await hid.setParams({ mouse_output: 'usb_rel' });
    driver.taken();
    session.move(100, -100);
    session.moveBy([{ x: 1, y: 1 }], false);
    expect(driver.taken()).toEqual([['moveBy', 1, 1]]);
  });

  test('steps are joined only when asked, and clamped always', async () => {
    await hid.setParams({ mouse_output: 'usb_rel' });
    driver.taken();
    const session = hid.session('a');
    const deltas = [
      { x: 1, y: 1 },
      { x: 2, y: 2 },
    ];
    session.moveBy(deltas, false);
    session.moveBy(deltas, true);
    // The byte 0x80 of a binary frame is -128, which no mouse report can hold.
    expect(relativeFrame([{ x: -128, y: 0 }], false)[2]).toBe(0x80);
    session.wheel([{ x: -128, y: 0 }], false);
    expect(driver.taken()).toEqual([
      ['moveBy', 1, 1],
      ['moveBy', 2, 2],
      ['moveBy', 3, 3],
      ['wheel', -127, 0],
    ]);
  });

  test('a click presses and releases', () => {
    hid.session('a').clickButton('up');
    expect(driver.taken()).toEqual([
      ['button', 'up', true],
      ['button', 'up', false],
    ]);
  });
});

describe('state and parameters', () => {
  test('has the shape and the order of PiKVM (recorded)', () => {
    expect(JSON.stringify(hid.state.value)).toBe(
      '{"enabled":true,"online":true,"busy":false,"connected":null,"keyboard":{"online":true,' +
        '"leds":{"caps":false,"scroll":false,"num":false},"outputs":{"available":[],"active":""}},' +
        '"mouse":{"outputs":{"available":["usb","usb_rel"],"active":"usb"},"online":true,' +
        '"absolute":true},"jiggler":{"enabled":true,"active":false,"interval":60}}',
    );
  });

  test('outputs that the device lacks are ignored, and so is plugging where it cannot', async () => {
    await hid.setParams({ keyboard_output: 'ps2', mouse_output: 'usb_win98' });
    await hid.setConnected(false);
    expect(driver.taken()).toEqual([]);
    driver.state.patch({ connected: true });
    await hid.setConnected(false);
    expect(hid.state.value.connected).toBe(false);
  });

  test('tells how long nobody did anything', () => {
    vi.useFakeTimers();
    try {
      expect(hid.inactivityS()).toBe(-1);
      hid.session('a').clickKey('KeyA');
      expect(hid.inactivityS()).toBe(0);
      vi.advanceTimersByTime(2_900);
      expect(hid.inactivityS()).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });

  test('a disabled HID refuses operations and drops events', async () => {
    const none = new Hid({ driver: new DisabledHid(), log });
    expect(none.state.value).toMatchObject({
      enabled: false,
      online: false,
      jiggler: { enabled: false },
    });
    none.session('a').clickKey('KeyA');
    const disabled = new KvmError('HidDisabledError');
    await expect(none.reset()).rejects.toEqual(disabled);
    await expect(none.setParams({ jiggler: true })).rejects.toEqual(disabled);
    await expect(none.setConnected(true)).rejects.toEqual(disabled);
    await expect(none.sendShortcut(['KeyA'], 0)).rejects.toEqual(disabled);
  });
});

describe('waking', () => {
  test('clicks the key, modifiers too, and moves the pointer there and back', async () => {
    hid.session('a').move(100, -32_760);
    driver.taken();
    await hid.wake('ShiftLeft', -20);
    expect(driver.taken()).toEqual([
      ['key', 'ShiftLeft', true],
      ['move', 80, -32_768],
      ['move', 100, -32_760],
      ['key', 'ShiftLeft', false],
    ]);
    const { mouse } = driver.state.value;
    driver.state.patch({ mouse: { ...mouse, absolute: false } });
    await hid.wake(undefined, 200);
    expect(driver.taken()).toEqual([
      ['moveBy', 127, 127],
      ['moveBy', -127, -127],
    ]);
  });

  test('leaves the pointer to who has moved it meanwhile', async () => {
    const waking = hid.wake(undefined, 20);
    hid.session('a').move(5, 5);
    await waking;
    expect(driver.taken()).toEqual([
      ['move', 20, 20],
      ['move', 5, 5],
    ]);
  });

  test('sends nothing while somebody holds something, types, or without a device', async () => {
    const session = hid.session('a');
    const inputs: readonly [down: () => void, up: () => void][] = [
      [() => session.key('KeyA', true, false), () => session.key('KeyA', false, false)],
      [() => session.button('left', true), () => session.button('left', false)],
    ];
    for (const [down, up] of inputs) {
      down();
      driver.taken();
      await hid.wake('Enter', 20);
      expect(driver.taken()).toEqual([]);
      up();
    }
    driver.ready = false;
    driver.taken();
    await hid.wake('Enter', 20);
    expect(driver.taken()).toEqual([]);
    driver.ready = true;
    const ended = new AbortController();
    const options = { limit: 0, slow: false, delayMs: 10_000, signal: ended.signal };
    const typing = hid.print('ab', options).catch((error: unknown) => error);
    await until(hid.printing, ({ active }) => active);
    await hid.wake('Enter', 20);
    expect(driver.taken().filter(([, key]) => key === 'Enter')).toEqual([]);
    ended.abort();
    await typing;
    await hid.wake('Enter', 0);
    expect(driver.taken().filter(([, key]) => key === 'Enter')).toHaveLength(2);
  });
});

test('takes 100,000 key events a second, none lost', () => {
  const counter = new NullHidDriver({ counting: true });
  const fast = new Hid({ driver: counter, log });
  const session = fast.session('a');
  const beganMs = performance.now();
  for (let i = 0; i < 50_000; i += 1) {
    session.key('KeyA', true, false);
    session.key('KeyA', false, false);
  }
  expect(performance.now() - beganMs).toBeLessThan(1000);
  expect(counter.count).toBe(100_000);
  fast.close();
});
