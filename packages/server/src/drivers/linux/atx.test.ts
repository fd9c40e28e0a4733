import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeGpioKernel } from '../../../test/fakes/fake-gpio-kernel.ts';
import { eventually } from '../../../test/support/gpio-context.ts';
import { silentLog } from '../../core/log.ts';
import { GpioAtx, type GpioAtxOptions } from './atx.ts';

const CHIP = '/dev/gpiochip0';
const [POWER_LED, HDD_LED, POWER_SWITCH, RESET_SWITCH] = [24, 22, 23, 27];
const DEFAULTS: GpioAtxOptions = {
  device: CHIP,
  ...{ power_led_pin: String(POWER_LED), power_led_inverted: false, power_led_debounce: 0 },
  ...{ hdd_led_pin: String(HDD_LED), hdd_led_inverted: false, hdd_led_debounce: 0 },
  ...{ power_switch_pin: String(POWER_SWITCH), reset_switch_pin: String(RESET_SWITCH) },
  ...{ click_delay: 0.1, long_click_delay: 5.5 },
};

let kernel: FakeGpioKernel;
const panel = (options: Partial<GpioAtxOptions> = {}) =>
  new GpioAtx(
    { ...DEFAULTS, ...options },
    { log: silentLog, retryMs: 5, system: { gpio: kernel } },
  );
const forever = new AbortController().signal;
const ready = () => eventually(() => expect(kernel.directionOf(POWER_SWITCH)).toBe('output'));

beforeEach(() => {
  kernel = new FakeGpioKernel();
});
afterEach(() => {
  expect(kernel.openCount, 'descriptors that were left open').toBe(0);
});

describe('a front panel by GPIO', () => {
  test('has its switches up from the start, and its LEDs as inputs', async () => {
    await using atx = panel();
    await ready();
    expect(kernel.writes).toEqual([
      [POWER_SWITCH, false],
      [RESET_SWITCH, false],
    ]);
    expect([POWER_LED, HDD_LED].map((line) => kernel.directionOf(line))).toEqual([
      ...['input', 'input'],
    ]);
    expect([atx.clickMs, atx.longClickMs]).toEqual([100, 5500]);
  });

  test('tells its LEDs as they change', async () => {
    await using atx = panel();
    await ready();
    kernel.input(POWER_LED, true);
    await eventually(() => expect(atx.leds.value).toEqual({ power: true, hdd: false }));
    kernel.input(HDD_LED, true);
    kernel.input(POWER_LED, false);
    await eventually(() => expect(atx.leds.value).toEqual({ power: false, hdd: true }));
  });

  test('an inverted LED shines when its line is low, but not without a chip', async () => {
    await using atx = panel({ power_led_inverted: true, hdd_led_inverted: true });
    expect(atx.leds.value).toEqual({ power: false, hdd: false });
    kernel.input(HDD_LED, true);
    await eventually(() => expect(atx.leds.value).toEqual({ power: true, hdd: false }));
    kernel.chips.clear();
    await eventually(() => expect(atx.leds.value).toEqual({ power: false, hdd: false }));
  });

  test('a LED that flickers is told once in its debounce time', async () => {
    await using atx = panel({ hdd_led_debounce: 0.1 });
    await ready();
    // The first level opens the quiet time, too.
    kernel.input(HDD_LED, true);
    await eventually(() => expect(atx.leds.value.hdd).toBe(true));
    const seen: boolean[] = [];
    atx.leds.subscribe(({ hdd }) => seen.push(hdd));
    for (const level of [false, true, false, true, false]) kernel.input(HDD_LED, level);
    await eventually(() => expect(atx.leds.value.hdd).toBe(false));
    expect(seen).toEqual([false]);
  });

  test('a press holds the line high for its time', async () => {
    await using atx = panel();
    await ready();
    const pressed = performance.now();
    const up = atx.press('power', 60, forever);
    await eventually(() => expect(kernel.lines.get(POWER_SWITCH)).toBe(true));
    expect(kernel.lines.get(RESET_SWITCH)).toBe(false);
    await up;
    // Timers of Node may fire a millisecond early.
    expect(performance.now() - pressed).toBeGreaterThan(58);
    expect(kernel.lines.get(POWER_SWITCH)).toBe(false);
    await atx.press('reset', 1, forever);
    expect(kernel.writes.slice(-2)).toEqual([
      [RESET_SWITCH, true],
      [RESET_SWITCH, false],
    ]);
  });

  test('a press that is cut short lets go at once', async () => {
    await using atx = panel();
    await ready();
    const controller = new AbortController();
    const up = atx.press('power', 60_000, controller.signal);
    await eventually(() => expect(kernel.lines.get(POWER_SWITCH)).toBe(true));
    controller.abort(new Error('closed'));
    await expect(up).rejects.toThrow('closed');
    expect(kernel.lines.get(POWER_SWITCH)).toBe(false);
  });

  test('without a chip a press fails, and is not made up for later', async () => {
    kernel.chips.clear();
    await using atx = panel();
    const press = () => atx.press('power', 1, forever);
    await expect(press()).rejects.toMatchObject({ kind: 'unavailable' });
    kernel.chips.add(CHIP);
    await ready();
    expect(kernel.writes.every(([, level]) => !level)).toBe(true);
  });

  test('a line that another program has is named to who presses, and taken when it is free', async () => {
    kernel.taken.set(RESET_SWITCH, 'fan');
    kernel.input(POWER_LED, true);
    await using atx = panel();
    await eventually(() =>
      expect(atx.press('power', 1, forever)).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringContaining('fan has line 27'),
      }),
    );
    expect(atx.leds.value).toEqual({ power: false, hdd: false });
    kernel.taken.clear();
    await ready();
    await eventually(() => expect(atx.leds.value.power).toBe(true));
    await atx.press('power', 1, forever);
    expect(kernel.writes.slice(-2)).toEqual([
      [POWER_SWITCH, true],
      [POWER_SWITCH, false],
    ]);
  });

  test('a button that was down as the chip went is up when it comes back', async () => {
    const errors = vi.fn();
    const log = { ...silentLog, error: errors };
    await using atx = new GpioAtx(DEFAULTS, { log, retryMs: 5, system: { gpio: kernel } });
    await ready();
    const controller = new AbortController();
    const up = atx.press('power', 60_000, controller.signal);
    kernel.chips.clear();
    await eventually(() => expect(kernel.openCount).toBe(0));
    controller.abort(new Error('closed'));
    await expect(up).rejects.toThrow('closed');
    expect(errors).toHaveBeenCalledOnce();
    const before = kernel.writes.length;
    kernel.chips.add(CHIP);
    await ready();
    expect(kernel.writes.slice(before)).toEqual([
      [POWER_SWITCH, false],
      [RESET_SWITCH, false],
    ]);
  });
});
