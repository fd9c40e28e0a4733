import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../../test/support/gpio-context.ts';
import type { GpioPin } from '../../core/gpio-driver.ts';
import { type Log, silentLog } from '../../core/log.ts';
import type { GpiodCommand } from '../../protocols/gpiod-tools.ts';
import { GpiodDriver } from './gpiod.ts';

const FAKE = fileURLToPath(new URL('../../../test/fakes/fake-gpiod.sh', import.meta.url));
const OLD = '1.6.3';
const NEW = '2.2.1';
const INTERACTIVE = '2.2.1i';

let directory = '';
const warnings: string[] = [];
const log: Log = {
  ...silentLog,
  warn: (details) => warnings.push(String((details as { err: unknown }).err)),
};
const file = (name: string) => join(directory, name);
const put = (name: string, text = '') => writeFileSync(file(name), text);
const level = (line: number) => readFileSync(file(`level-${line}`), 'utf8').trim();
/** The process that has a line, if one has. */
function holderOf(line: number): number | undefined {
  const pid = existsSync(file(`held-${line}`))
    ? Number(readFileSync(file(`held-${line}`), 'utf8').split(' ')[0])
    : undefined;
  return pid !== undefined && existsSync(`/proc/${pid}`) ? pid : undefined;
}
const isHeld = (line: number) => holderOf(line) !== undefined;

/** Tells every gpiomon that runs. */
function tell(event: string): void {
  for (const name of readdirSync(directory).filter((each) => each.startsWith('events-'))) {
    // Nobody reads the pipe of one that has ended.
    if (!existsSync(`/proc/${name.slice('events-'.length)}`)) continue;
    const fd = openSync(file(name), constants.O_WRONLY | constants.O_NONBLOCK);
    writeSync(fd, `${event}\n`);
    closeSync(fd);
  }
}

/** Drives an input line from outside. */
function drive(line: number, to: boolean): void {
  put(`level-${line}`, `${Number(to)}\n`);
  tell(`${line} ${Number(to)}`);
}

const logged = () => readFileSync(file('log'), 'utf8').trim().split('\n');
const commands = (program: string) => logged().filter((line) => line.startsWith(`${program} `));
/** Those that drive lines; each further one would mean a gap. */
const outputCommands = () => commands('gpioset').filter((line) => line.includes('='));

const input = (pin: string, debounceMs = 0): GpioPin => ({
  ...{ pin, mode: 'input', initial: undefined, debounceMs },
});
const output = (pin: string, initial?: boolean, off = false): GpioPin => ({
  ...{ pin, mode: 'output', initial, off, debounceMs: 0 },
});

function driverOf(
  version: string,
  pins: readonly GpioPin[],
  checkMs = 60_000,
  device = 'gpiochip0',
  unpluggable = '',
) {
  const launch = (command: GpiodCommand): GpiodCommand => [FAKE, directory, version, ...command];
  const isUnpluggable = (path: string) => path === unpluggable;
  const system = { gpiod: { launch, checkMs, isUnpluggable } };
  return new GpiodDriver({ device }, { name: 'g', pins, log, retryMs: 5, system });
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gpiod-'));
  put('chip');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
  warnings.length = 0;
});

describe.each([OLD, NEW])('inputs by the programs of %s', (version) => {
  test('tell their level at start and every edge', async () => {
    drive(4, true);
    await using driver = driverOf(version, [input('4'), input('PWR LED')]);
    await eventually(() => expect(driver.levels.value.size).toBe(2));
    expect(Object.fromEntries(driver.levels.value)).toEqual({ 4: true, 'PWR LED': false });
    drive(3, true);
    await eventually(() => expect(driver.levels.value.get('PWR LED')).toBe(true));
    drive(4, false);
    await eventually(() => expect(driver.levels.value.get('4')).toBe(false));
    drive(4, true);
    await eventually(() => expect(driver.levels.value.get('4')).toBe(true));
    expect(commands('gpiomon')).toHaveLength(1);
  });

  test.each(['0', 'gpiochip0', '/dev/gpiochip0'])(
    'of a chip that can be unplugged are read, not watched: %s',
    async (device) => {
      const pins = [input('4')];
      await using driver = driverOf(version, pins, 60_000, device, '/dev/gpiochip0');
      for (const level of [false, true, false]) {
        drive(4, level);
        await eventually(() => expect(driver.levels.value.get('4')).toBe(level));
      }
      expect(isHeld(4)).toBe(false);
      expect(commands('gpiomon')).toEqual([]);
    },
  );

  test('are free when the driver ends', async () => {
    const driver = driverOf(version, [input('4')]);
    await eventually(() => expect(driver.levels.value.size).toBe(1));
    expect(isHeld(4)).toBe(true);
    await driver[Symbol.asyncDispose]();
    expect(isHeld(4)).toBe(false);
  });

  test('of a chip that goes are offline, and come back with it', async () => {
    await using driver = driverOf(version, [input('4')]);
    await eventually(() => expect(driver.levels.value.size).toBe(1));
    rmSync(file('chip'));
    tell('gone');
    await eventually(() => expect(driver.levels.value.size).toBe(0));
    drive(4, true);
    put('chip');
    await eventually(() => expect(driver.levels.value.get('4')).toBe(true));
    expect(warnings).toEqual([expect.stringContaining('No such')]);
  });
});

test('a gpiomon that was killed is started again, and outputs do not feel it', async () => {
  await using driver = driverOf(INTERACTIVE, [input('4'), output('5', true)]);
  await eventually(() => expect(driver.levels.value.size).toBe(2));
  const pid = holderOf(4);
  const seen: number[] = [];
  driver.levels.subscribe(({ size }) => seen.push(size));
  process.kill(Number(pid), 'SIGKILL');
  await eventually(() => expect(seen).toEqual([1, 2]));
  expect(warnings).toEqual([expect.stringContaining('ended by itself')]);
  expect(outputCommands()).toHaveLength(1);
});

test('a level whose edge was missed is found at the next look', async () => {
  await using driver = driverOf(OLD, [input('4')], 50);
  await eventually(() => expect(driver.levels.value.get('4')).toBe(false));
  // Without a word to gpiomon.
  put('level-4', '1');
  await eventually(() => expect(driver.levels.value.get('4')).toBe(true));
  expect(warnings).toEqual([]);
});

test('a contact that bounces is told once', async () => {
  await using driver = driverOf(NEW, [input('4', 60_000)]);
  await eventually(() => expect(driver.levels.value.get('4')).toBe(false));
  // The first level opens the quiet time; the line is not looked at until it is over.
  drive(4, true);
  await using other = driverOf(NEW, [input('7')]);
  await eventually(() => expect(other.levels.value.size).toBe(1));
  drive(7, true);
  await eventually(() => expect(other.levels.value.get('7')).toBe(true));
  expect(driver.levels.value.get('4')).toBe(false);
});

describe('outputs of an interactive gpioset', () => {
  test('change without a gap', async () => {
    await using driver = driverOf(INTERACTIVE, [output('5', true), output('RELAY')]);
    await eventually(() => expect(driver.levels.value.size).toBe(2));
    expect([level(5), level(9)]).toEqual(['1', '0']);
    await driver.write('RELAY', true);
    await driver.write('5', false);
    expect([level(5), level(9)]).toEqual(['0', '1']);
    expect(Object.fromEntries(driver.levels.value)).toEqual({ 5: false, RELAY: true });
    expect(outputCommands()).toEqual([
      'gpioset --interactive --consumer crashcart --chip gpiochip0 5=1 9=0',
    ]);
  });

  test('that cannot be set are told, and taken anew with what they had', async () => {
    await using driver = driverOf(INTERACTIVE, [output('5', true)]);
    await eventually(() => expect(driver.levels.value.size).toBe(1));
    await driver.write('5', false);
    put('stuck');
    await expect(driver.write('5', true)).rejects.toThrow('unable to set values');
    rmSync(file('stuck'));
    await eventually(() => expect(level(5)).toBe('0'));
    await eventually(() => expect(driver.levels.value.get('5')).toBe(false));
    expect(warnings).toEqual([expect.stringContaining('unable to set values')]);
    expect(outputCommands()).toHaveLength(2);
  });

  test('that must be let go of have their level as soon as they are ours again', async () => {
    await using driver = driverOf(INTERACTIVE, [output('5', false)], 20);
    await eventually(() => expect(driver.levels.value.size).toBe(1));
    await driver.write('5', true);
    rmSync(file('chip'));
    await eventually(() => expect(driver.levels.value.size).toBe(0));
    await expect(driver.writeForSure('5', false)).rejects.toThrow('gpiochip0 is not ours now');
    put('chip');
    await eventually(() => expect(driver.levels.value.get('5')).toBe(false));
    expect(level(5)).toBe('0');
  });
});

describe.each([OLD, NEW])('outputs of gpioset %s, which lets go to change', (version) => {
  test('with a first level keep it, and say what to do', async () => {
    await using driver = driverOf(version, [output('5', true), output('6', false)]);
    await eventually(() => expect(driver.levels.value.size).toBe(2));
    expect([level(5), level(6)]).toEqual(['1', '0']);
    await driver.write('5', true);
    await expect(driver.write('5', false)).rejects.toMatchObject({
      name: 'GpioSwitchNotSupported',
      message:
        `gpioset ${version} would let go of line 5 to change it, so it keeps its level: ` +
        'run `npm install koffi`, use a gpioset with --interactive, or set `initial: null`',
    });
    expect([level(5), isHeld(5)]).toEqual(['1', true]);
    expect(driver.levels.value.get('5')).toBe(true);
    expect(outputCommands()).toHaveLength(1);
    expect(warnings).toEqual([]);
  });

  test('without one are held while they are on, and then let go with their level off', async () => {
    await using driver = driverOf(version, [output('5'), output('6', undefined, true)]);
    await eventually(() => expect(driver.levels.value.size).toBe(2));
    expect([isHeld(5), isHeld(6)]).toEqual([false, false]);
    await driver.write('5', true);
    await driver.write('6', false);
    expect([level(5), isHeld(5), level(6), isHeld(6)]).toEqual(['1', true, '0', true]);
    expect(Object.fromEntries(driver.levels.value)).toEqual({ 5: true, 6: false });
    await driver.write('5', false);
    await driver.write('6', true);
    expect([level(5), isHeld(5), level(6), isHeld(6)]).toEqual(['0', false, '1', false]);
    expect(Object.fromEntries(driver.levels.value)).toEqual({ 5: false, 6: true });
  });

  test('that are on when their gpioset is killed are set off', async () => {
    await using driver = driverOf(version, [output('5')]);
    await eventually(() => expect(driver.levels.value.size).toBe(1));
    await driver.write('5', true);
    const pid = holderOf(5);
    process.kill(Number(pid), 'SIGKILL');
    await eventually(() => expect(level(5)).toBe('0'));
    await eventually(() => expect(driver.levels.value.get('5')).toBe(false));
    expect(warnings).toEqual([expect.stringContaining('ended by itself')]);
  });

  test('that are on when the driver ends are set off', async () => {
    const driver = driverOf(version, [output('5'), output('6', true)]);
    await eventually(() => expect(driver.levels.value.size).toBe(2));
    await driver.write('5', true);
    await driver[Symbol.asyncDispose]();
    expect([level(5), isHeld(5), isHeld(6)]).toEqual(['0', false, false]);
  });

  test('that cannot be had for a while are set off when they can', async () => {
    await using driver = driverOf(version, [output('5')]);
    await eventually(() => expect(driver.levels.value.size).toBe(1));
    await driver.write('5', true);
    put('broken');
    await expect(driver.write('5', false)).rejects.toThrow('it is broken');
    expect(level(5)).toBe('1');
    rmSync(file('broken'));
    await eventually(() => expect(level(5)).toBe('0'));
    await eventually(() => expect(driver.levels.value.get('5')).toBe(false));
  });
});

test('a line that another program has is named, and taken when it is free', async () => {
  put('held-6', '- fan');
  await using driver = driverOf(NEW, [output('6', true)]);
  await eventually(() => expect(warnings).toHaveLength(1));
  expect(warnings[0]).toBe('Error: Line 6 of gpiochip0 cannot be used: fan has it');
  await expect(driver.write('6', true)).rejects.toThrow('fan has it');
  rmSync(file('held-6'));
  await eventually(() => expect(driver.levels.value.get('6')).toBe(true));
});

test.each(['pinctrl-fake', '0', '/dev/gpiochip0'])('the chip is found as %s', async (device) => {
  await using driver = driverOf(NEW, [input('4')], 60_000, device);
  await eventually(() => expect(driver.levels.value.size).toBe(1));
});

test.each([
  ['other-label', '4', 'There is no GPIO chip other-label'],
  ['gpiochip0', '99', 'gpiochip0 has no line 99'],
])('chip %s, line %s are missed by name', async (device, pin, message) => {
  await using driver = driverOf(OLD, [input(pin)], 60_000, device);
  await eventually(() => expect(warnings).toEqual([`Error: ${message}`]));
  expect(driver.levels.value.size).toBe(0);
});

test('programs that are missing, or of another kind, are told', async () => {
  await using missing = new GpiodDriver(
    { device: 'gpiochip0' },
    {
      ...{ name: 'g', pins: [input('4')], log, retryMs: 60_000 },
      system: { gpiod: { launch: () => ['/no/such/gpioset'] } },
    },
  );
  await eventually(() => expect(warnings).toHaveLength(1));
  expect(warnings[0]).toContain('is missing: install gpiod, or run `npm install koffi`');
  await using strange = driverOf('3.0', [input('4')]);
  await eventually(() => expect(warnings).toHaveLength(2));
  expect(warnings[1]).toContain('This version of libgpiod is not known: gpioset (libgpiod) v3.0');
  expect([missing, strange].map(({ levels }) => levels.value.size)).toEqual([0, 0]);
});
