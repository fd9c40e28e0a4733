import { closeSync, constants, openSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SYSTEM_GPIO_CALLS } from './gpio-calls.ts';
import { hidFeatureRequest, openHidraw } from './hidraw.ts';

it('GPIO calls reach the kernel and tell its errors by name', () => {
  const fd = SYSTEM_GPIO_CALLS.open('/dev/null');
  expect(() => SYSTEM_GPIO_CALLS.ioctl(fd, 0xc250_b407, new Uint8Array(592))).toThrow(
    expect.objectContaining({ code: 'ENOTTY' }),
  );
  SYSTEM_GPIO_CALLS.close(fd);
  expect(() => SYSTEM_GPIO_CALLS.ioctl(fd, 0xc250_b407, new Uint8Array(592))).toThrow('EBADF');
  expect(() => SYSTEM_GPIO_CALLS.unblock(fd)).toThrow('EBADF');
  expect(() => SYSTEM_GPIO_CALLS.open('/dev/gpiochip-none')).toThrow('ENOENT');
  expect(SYSTEM_GPIO_CALLS.isUnpluggable('/dev/gpiochip-none')).toBe(false);
});

it('reading waits for nobody once a descriptor is told so', () => {
  const fd = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY);
  SYSTEM_GPIO_CALLS.unblock(fd);
  expect(SYSTEM_GPIO_CALLS.read(fd, new Uint8Array(48))).toBe(0);
  closeSync(fd);
});

it('an ioctl writes into its data', () => {
  const TIOCGPTN = 0x8004_5430;
  const fd = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY);
  const number = new Uint8Array(4).fill(0xff);
  SYSTEM_GPIO_CALLS.ioctl(fd, TIOCGPTN, number);
  closeSync(fd);
  expect(number[3]).toBe(0);
});

it('HID calls run in a thread and tell their errors by name', async () => {
  const device = await openHidraw('/dev/null');
  const unknown = expect.objectContaining({ code: 'ENOTTY' });
  await expect(device.sendFeature(Uint8Array.of(0xff, 1))).rejects.toEqual(unknown);
  await expect(device.getFeature(1, 8)).rejects.toEqual(unknown);
  await device.write(Uint8Array.of(0xa0, 1, 1, 0xa2));
  await device.close();
  await expect(openHidraw('/dev/hidraw-none')).rejects.toThrow('ENOENT');
});

it('the numbers of the HID calls are those of linux/hidraw.h', () => {
  expect(hidFeatureRequest('send', 2)).toBe(0xc002_4806);
  expect(hidFeatureRequest('get', 9)).toBe(0xc009_4807);
});
