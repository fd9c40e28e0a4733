import { afterEach, describe, expect, test } from 'vitest';
import { FakeGpioKernel } from '../../../test/fakes/fake-gpio-kernel.ts';
import { eventually } from '../../../test/support/gpio-context.ts';
import type { GpioPin } from '../../core/gpio-driver.ts';
import { type Log, silentLog } from '../../core/log.ts';
import { GpioChipDriver } from './gpio.ts';
import { LocatorDriver } from './locator.ts';

const device = '/dev/gpiochip0';
const input = (pin: string, debounceMs = 0): GpioPin => ({
  ...{ pin, mode: 'input', initial: undefined, debounceMs },
});
const output = (pin: string, initial?: boolean): GpioPin => ({
  ...{ pin, mode: 'output', initial, debounceMs: 0 },
});

let kernel = new FakeGpioKernel();
const warnings: unknown[] = [];
const log: Log = { ...silentLog, warn: (details) => warnings.push(details) };
const context = (pins: readonly GpioPin[]) => ({
  ...{ name: 'g', pins, log, retryMs: 5, system: { gpio: kernel } },
});
const lines = (...pins: readonly GpioPin[]) => new GpioChipDriver({ device }, context(pins));

afterEach(() => {
  expect(kernel.openCount, 'descriptors that were left open').toBe(0);
  kernel = new FakeGpioKernel();
  warnings.length = 0;
});

describe('lines of a chip', () => {
  test('outputs start with their level, low without one, and read back as they are', async () => {
    await using driver = lines(output('5', true), output('6'), output('7', false));
    await eventually(() => expect(driver.levels.value.size).toBe(3));
    expect(Object.fromEntries(driver.levels.value)).toEqual({ 5: true, 6: false, 7: false });
    expect(kernel.directionOf(5)).toBe('output');
    await driver.write('6', true);
    expect(kernel.lines.get(6)).toBe(true);
    expect(driver.levels.value.get('6')).toBe(true);
    expect(kernel.writes).toHaveLength(4);
  });

  test('inputs tell their level at start and every edge', async () => {
    kernel.input(19, true);
    await using driver = lines(input('19'), input('16'));
    await eventually(() => expect(driver.levels.value.get('19')).toBe(true));
    expect(driver.levels.value.get('16')).toBe(false);
    expect(kernel.tellsEdgesOf(16)).toBe(true);
    kernel.input(16, true);
    await eventually(() => expect(driver.levels.value.get('16')).toBe(true));
    kernel.input(19, false);
    await eventually(() => expect(driver.levels.value.get('19')).toBe(false));
  });

  test('a contact that bounces is told once', async () => {
    await using driver = lines(input('1', 100));
    await eventually(() => expect(driver.levels.value.has('1')).toBe(true));
    // The first level opens the quiet time, too.
    await new Promise((resolve) => setTimeout(resolve, 120));
    const seen: (boolean | undefined)[] = [];
    driver.levels.subscribe((levels) => seen.push(levels.get('1')));
    for (const level of [true, false, true, false, true]) kernel.input(1, level);
    await eventually(() => expect(seen).toEqual([true]));
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(seen).toEqual([true]);
  });

  test('of a chip that can be unplugged no edges are watched, and each level is seen', async () => {
    kernel.unpluggable.add(device);
    await using driver = lines(input('1'), output('5'));
    await eventually(() => expect(driver.levels.value.has('1')).toBe(true));
    expect(kernel.tellsEdgesOf(1)).toBe(false);
    for (const level of [true, false, true]) {
      kernel.input(1, level);
      await eventually(() => expect(driver.levels.value.get('1')).toBe(level));
    }
  });

  test('a level whose edge was lost is found within a second or so', async () => {
    await using driver = lines(input('1'));
    await eventually(() => expect(driver.levels.value.has('1')).toBe(true));
    kernel.losesEdges = true;
    kernel.input(1, true);
    await eventually(() => expect(driver.levels.value.get('1')).toBe(true));
  });

  test('a chip that goes and comes again takes its lines along; outputs get what they had', async () => {
    await using driver = lines(output('5', true), input('1'));
    await eventually(() => expect(driver.levels.value.size).toBe(2));
    await driver.write('5', false);
    kernel.chips.clear();
    await eventually(() => expect(driver.levels.value.size).toBe(0));
    await expect(driver.write('5', true)).rejects.toThrow('/dev/gpiochip0 is not ours now');
    kernel.lines.clear();
    kernel.input(1, true);
    kernel.chips.add(device);
    await eventually(() => {
      expect(Object.fromEntries(driver.levels.value)).toEqual({ 5: false, 1: true });
    });
    expect(warnings).toHaveLength(1);
  });

  test('a line that another program has is named, and taken when it is free', async () => {
    kernel.taken.set(6, 'fan');
    await using driver = lines(output('5'), output('6'));
    await eventually(() => expect(warnings).toHaveLength(1));
    expect(String((warnings[0] as { err: Error }).err)).toContain('fan has line 6');
    await expect(driver.write('5', true)).rejects.toThrow('fan has line 6');
    kernel.taken.clear();
    await eventually(() => expect(driver.levels.value.size).toBe(2));
  });

  test('inputs that cannot be had do not keep the outputs', async () => {
    kernel.taken.set(1, '');
    await using driver = lines(output('5'), input('1'));
    await eventually(() => expect(warnings).toHaveLength(1));
    expect(kernel.directionOf(5)).toBeUndefined();
    expect(driver.levels.value.size).toBe(0);
  });
});

describe('a chip and its lines', () => {
  const led = { ...input('PWR LED') };

  test.each(['second', '1', 'gpiochip1', '/dev/gpiochip1'])('are found: chip %s', async (chip) => {
    kernel.chips.add('/dev/gpiochip1');
    kernel.labels.set('/dev/gpiochip0', 'first').set('/dev/gpiochip1', 'second');
    kernel.names.set(3, 'PWR LED').set(9, 'RELAY');
    kernel.input(3, true);
    await using driver = new GpioChipDriver(
      { device: chip },
      context([led, output('RELAY'), output('5')]),
    );
    await eventually(() => expect(driver.levels.value.size).toBe(3));
    expect(Object.fromEntries(driver.levels.value)).toEqual({
      'PWR LED': true,
      RELAY: false,
      5: false,
    });
    await driver.write('RELAY', true);
    expect(kernel.lines.get(9)).toBe(true);
    kernel.input(3, false);
    await eventually(() => expect(driver.levels.value.get('PWR LED')).toBe(false));
    // Lost and found again, they are where they were.
    kernel.chips.delete('/dev/gpiochip1');
    await eventually(() => expect(driver.levels.value.size).toBe(0));
    kernel.chips.add('/dev/gpiochip1');
    await eventually(() => expect(driver.levels.value.get('RELAY')).toBe(true));
  });

  test.each([
    ['second', led, 'There is no GPIO chip second'],
    ['/dev/gpiochip0', led, '/dev/gpiochip0 has no line PWR LED'],
  ])('that are not there are named: %s', async (chip, pin, message) => {
    await using driver = new GpioChipDriver({ device: chip }, context([pin]));
    await eventually(() => expect(warnings).toHaveLength(1));
    expect(String((warnings[0] as { err: Error }).err)).toContain(message);
    // And taken when they come.
    kernel.labels.set('/dev/gpiochip0', 'second');
    kernel.names.set(2, 'PWR LED');
    await eventually(() => expect(driver.levels.value.has('PWR LED')).toBe(true));
  });
});

describe('a locator', () => {
  const locator = (pin: string) => new LocatorDriver({ device }, context([output(pin, true)]));

  test('starts dark, blinks while it is on, and is dark again', async () => {
    await using driver = locator('12');
    await eventually(() => expect(driver.levels.value.get('12')).toBe(false));
    expect(kernel.writes).toEqual([[12, false]]);
    await driver.write('12', true);
    expect(driver.levels.value.get('12')).toBe(true);
    await eventually(() => expect(kernel.writes.length).toBeGreaterThan(5));
    const levels = kernel.writes.slice(1).map(([, level]) => level);
    expect(levels[0]).toBe(true);
    expect(new Set(levels.slice(1, 5))).toEqual(new Set([true, false]));
    await driver.write('12', false);
    expect(driver.levels.value.get('12')).toBe(false);
    expect(kernel.writes.at(-1)).toEqual([12, false]);
  });

  test('is dark when the server has gone, and offline while the chip is', async () => {
    const driver = locator('12');
    await eventually(() => expect(driver.levels.value.size).toBe(1));
    await driver.write('12', true);
    kernel.chips.clear();
    await eventually(() => expect(driver.levels.value.size).toBe(0));
    await expect(driver.write('12', true)).rejects.toThrow('is not ours now: ENODEV');
    kernel.chips.add(device);
    await eventually(() => expect(driver.levels.value.get('12')).toBe(true));
    await driver[Symbol.asyncDispose]();
    expect(kernel.lines.get(12)).toBe(false);
  });
});
