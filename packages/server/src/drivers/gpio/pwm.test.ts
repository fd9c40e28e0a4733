import { mkdirSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually, gpioContext, waitForOn } from '../../../test/support/gpio-context.ts';
import { createPwm, createServo, dutyOf } from './pwm.ts';

let sysDir = '';
let chip = '';
let stop = () => {};
const read = (name: string) => readFileSync(join(chip, name), 'utf8');

/** The kernel's side of a PWM chip: a channel that is exported gets its files a little later. */
function plug(): void {
  mkdirSync(chip, { recursive: true });
  writeFileSync(join(chip, 'export'), '');
  writeFileSync(join(chip, 'unexport'), '');
  const watcher = watch(chip, (_event, name) => {
    const channel = name === 'export' ? read('export').trim() : '';
    if (channel === '') return;
    const directory = join(chip, `pwm${channel}`);
    mkdirSync(directory, { recursive: true });
    for (const file of ['duty_cycle', 'enable', 'period']) {
      writeFileSync(join(directory, file), '0\n', { flag: 'a' });
    }
  });
  stop = () => watcher.close();
}

beforeEach(() => {
  sysDir = mkdtempSync(join(tmpdir(), 'pwm-'));
  chip = join(sysDir, 'class/pwm/pwmchip2');
});
afterEach(() => {
  stop();
  rmSync(sysDir, { recursive: true });
});

const options = {
  ...{ chip: 2, period: 20_000_000, duty_cycle_push: 1_500_000, duty_cycle_release: 1_000_000 },
};
const context = () => gpioContext('output', { 0: true, 3: undefined }, { system: { sysDir } });

describe('pwm', () => {
  test('exports its channels, sets them and gives them back', async () => {
    plug();
    const driver = createPwm(options, context());
    await waitForOn(driver, ['0']);
    expect([read('pwm3/period'), read('pwm3/duty_cycle'), read('pwm3/enable')]).toEqual([
      ...['20000000', '1000000', '1'],
    ]);
    await driver.write('3', true);
    await waitForOn(driver, ['0', '3']);
    expect(read('pwm3/duty_cycle')).toBe('1500000');
    await driver[Symbol.asyncDispose]();
    expect([read('pwm0/enable'), read('pwm3/enable'), read('unexport')]).toEqual(['0', '0', '3']);
  });

  test('is offline without a chip, and online when there is one', async () => {
    const given = context();
    await using driver = createPwm(options, given);
    await eventually(() => expect(given.warnings).toContain('The GPIO device is offline'));
    await expect(driver.write('0', true)).rejects.toThrow('does not answer');
    plug();
    await waitForOn(driver, ['0']);
    expect(given.warnings.filter((text) => text === 'PWM failed')).toHaveLength(2);
  });
});

test('a servo turns angles into duty cycles, within the limits of the motor', async () => {
  const limits = {
    ...{ duty_cycle_min: 1_000_000, duty_cycle_max: 2_000_000, angle_min: 0, angle_max: 180 },
    ...{ angle_push: 100, angle_release: 120 },
  };
  expect([100, 120, -90, 300, 90].map((angle) => dutyOf(angle, limits))).toEqual([
    ...[1_555_555, 1_666_666, 1_000_000, 2_000_000, 1_500_000],
  ]);
  plug();
  await using driver = createServo({ chip: 2, period: 20_000_000, ...limits }, context());
  await waitForOn(driver, ['0']);
  expect(read('pwm0/duty_cycle')).toBe('1555555');
});
