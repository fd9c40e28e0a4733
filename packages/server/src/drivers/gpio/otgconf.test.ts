import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually, gpioContext, waitForOn } from '../../../test/support/gpio-context.ts';
import { createOtgconf } from './otgconf.ts';

let sysDir = '';
let gadget = '';
const links = () => readdirSync(join(gadget, 'configs/c.1')).filter((name) => name !== 'strings');
const udc = () => readFileSync(join(gadget, 'UDC'), 'utf8');

/** A tree of configfs with two functions, both linked, and a controller. */
function build(): void {
  mkdirSync(join(gadget, 'configs/c.1/strings'), { recursive: true });
  mkdirSync(join(sysDir, 'class/udc/fe980000.usb'), { recursive: true });
  for (const name of ['hid.usb0', 'mass_storage.usb0']) {
    mkdirSync(join(gadget, 'functions', name), { recursive: true });
    symlinkSync(join(gadget, 'functions', name), join(gadget, 'configs/c.1', name));
  }
  writeFileSync(join(gadget, 'UDC'), 'fe980000.usb\n');
}

beforeEach(() => {
  sysDir = mkdtempSync(join(tmpdir(), 'otgconf-'));
  gadget = join(sysDir, 'kernel/config/usb_gadget/kvmd');
});
afterEach(() => rmSync(sysDir, { recursive: true }));

/** Outputs are off at start unless told otherwise, which must not take the gadget apart. */
const PINS = { udc: false, 'hid.usb0': false, 'mass_storage.usb0': false };
const start = (controller = '') => {
  const context = gpioContext('output', { ...PINS, 'uvc.usb0': undefined }, { system: { sysDir } });
  return { context, driver: createOtgconf({ udc: controller, init_delay: 0.05 }, context) };
};

test('tells what is part of the gadget; a function that does not exist is offline', async () => {
  build();
  const { driver } = start();
  await using _ = driver;
  await waitForOn(driver, ['udc', 'hid.usb0', 'mass_storage.usb0']);
  expect(driver.levels.value.has('uvc.usb0')).toBe(false);
  unlinkSync(join(gadget, 'configs/c.1/hid.usb0'));
  await waitForOn(driver, ['udc', 'mass_storage.usb0']);
});

test('takes functions out and in again; the gadget is away meanwhile', async () => {
  build();
  const { driver } = start();
  await using _ = driver;
  await waitForOn(driver, ['udc', 'hid.usb0', 'mass_storage.usb0']);
  const change = driver.write('hid.usb0', false);
  await eventually(() => expect(udc()).toBe('\n'));
  await change;
  expect([links(), udc()]).toEqual([['mass_storage.usb0'], 'fe980000.usb']);
  await waitForOn(driver, ['udc', 'mass_storage.usb0']);
  await driver.write('hid.usb0', true);
  expect(links()).toEqual(['hid.usb0', 'mass_storage.usb0']);
  await driver.write('hid.usb0', true);
  await waitForOn(driver, ['udc', 'hid.usb0', 'mass_storage.usb0']);
});

test('unbinds and binds the gadget as a whole, with the controller that is named', async () => {
  build();
  const { driver } = start('other.usb');
  await using _ = driver;
  await waitForOn(driver, ['udc', 'hid.usb0', 'mass_storage.usb0']);
  await driver.write('udc', false);
  await waitForOn(driver, ['hid.usb0', 'mass_storage.usb0']);
  await driver.write('udc', true);
  expect(udc()).toBe('other.usb');
  expect(links()).toHaveLength(2);
});

test('the last function that goes leaves the gadget unbound', async () => {
  build();
  const { driver } = start();
  await using _ = driver;
  await waitForOn(driver, ['udc', 'hid.usb0', 'mass_storage.usb0']);
  await driver.write('hid.usb0', false);
  await driver.write('mass_storage.usb0', false);
  expect([links(), udc()]).toEqual([[], '\n']);
});

test('a driver that is closed in the middle leaves the gadget bound', async () => {
  build();
  const { driver } = start();
  await waitForOn(driver, ['udc', 'hid.usb0', 'mass_storage.usb0']);
  const change = driver.write('hid.usb0', false);
  change.catch(() => undefined);
  await eventually(() => expect(udc()).toBe('\n'));
  await driver[Symbol.asyncDispose]();
  await expect(change).rejects.toThrow('closed');
  await eventually(() => expect(udc()).toBe('fe980000.usb'));
});

test('is offline without a gadget, and online when it is built', async () => {
  const { driver, context } = start();
  await using _ = driver;
  await eventually(() => expect(context.warnings).toHaveLength(1));
  expect(existsSync(gadget)).toBe(false);
  build();
  await waitForOn(driver, ['udc', 'hid.usb0', 'mass_storage.usb0']);
});
