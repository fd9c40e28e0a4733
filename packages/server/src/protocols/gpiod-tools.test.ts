import { describe, expect, test } from 'vitest';
import {
  GPIOD_COMMANDS,
  type GpiodDialect,
  parseChips,
  parseDialect,
  parseEdge,
  parseLevels,
  parseLines,
  parseSetLine,
  setCommand,
} from './gpiod-tools.ts';

const OLD: GpiodDialect = { major: 1, version: '1.6.3', isInteractive: false };
const NEW: GpiodDialect = { major: 2, version: '2.2.1', isInteractive: false };
const INTERACTIVE: GpiodDialect = { ...NEW, isInteractive: true };

describe('the version', () => {
  test('is told by the program, and what it can do by its help', () => {
    const old = 'gpioset (libgpiod) v1.6.3\nCopyright (C) 2017-2018 Bartosz Golaszewski\n';
    expect(parseDialect(old, '-m, --mode=[exit|wait|time|signal]')).toEqual(OLD);
    expect(parseDialect('gpioset (libgpiod) v2.2.1\n', '  -z, --daemonize')).toEqual(NEW);
    const help = '  -i, --interactive\tset the lines then wait for additional set commands';
    expect(parseDialect('gpioset (libgpiod) v2.2.1\n', help)).toEqual(INTERACTIVE);
    expect(parseDialect('gpioset (libgpiod) v2.3-devel\n', '')?.version).toBe('2.3-devel');
  });

  test('that nobody knows is not taken for another', () => {
    for (const text of ['', 'gpioset (libgpiod) v3.0\n', 'gpioset (libgpiod) v0.9\n', 'v1.6.3']) {
      expect(parseDialect(text, '')).toBeUndefined();
    }
  });
});

test('chips have labels', () => {
  const output = 'gpiochip0 [pinctrl-bcm2711] (58 lines)\ngpiochip1 [a [b] c] (1 line)\n';
  expect([...parseChips(output)]).toEqual([
    ['pinctrl-bcm2711', 'gpiochip0'],
    ['a [b] c', 'gpiochip1'],
  ]);
  expect(parseChips('').size).toBe(0);
});

test('lines as 1.6 tells them', () => {
  const output = [
    'gpiochip0 - 11 lines:',
    '\tline   0:    "UART TX"       unused   input  active-high ',
    '\tline   1:      unnamed       unused  output   active-low ',
    '\tline   2:   "Blue LED"       "blue"  output  active-high [used]',
    '\tline   3: "SDCard Voltage Switch" "VCC_CARD" output active-high [used]',
    '\tline   4:      unnamed       kernel   input  active-high [used open-drain]',
    '\tline   5:     "kernel"       unused   input  active-high ',
    '\tline  10:      unnamed  "gpioset"  output  active-high [used]',
  ].join('\n');
  expect(parseLines(output)).toEqual([
    { offset: 0, name: 'UART TX', user: undefined },
    { offset: 1, name: '', user: undefined },
    { offset: 2, name: 'Blue LED', user: 'blue' },
    { offset: 3, name: 'SDCard Voltage Switch', user: 'VCC_CARD' },
    { offset: 4, name: '', user: 'kernel' },
    { offset: 5, name: 'kernel', user: undefined },
    { offset: 10, name: '', user: 'gpioset' },
  ]);
});

test('lines as 2.x tells them', () => {
  const output = [
    'gpiochip1 - 8 lines:',
    '\tline   0:\t"BT_ON"         \toutput',
    '\tline   2:\t"PWR_LED_OFF"   \toutput active-low consumer="led1"',
    '\tline   3:\tunnamed         \tinput bias=pull-up edges=both consumer="crash cart"',
    '\tline   4:\tunnamed         \toutput consumer=crash cart',
    '\tline 113:\t"A_RATHER_LONG_NAME"\tinput consumer="kernel"',
  ].join('\n');
  expect(parseLines(output)).toEqual([
    { offset: 0, name: 'BT_ON', user: undefined },
    { offset: 2, name: 'PWR_LED_OFF', user: 'led1' },
    { offset: 3, name: '', user: 'crash cart' },
    { offset: 4, name: '', user: 'crash cart' },
    { offset: 113, name: 'A_RATHER_LONG_NAME', user: 'kernel' },
  ]);
});

test('levels are as many as asked for, or none', () => {
  expect(parseLevels('0 1 1\n', 3)).toEqual([false, true, true]);
  expect(parseLevels('0 1\n', 3)).toBeUndefined();
  expect(parseLevels('"5"=active\n', 1)).toBeUndefined();
  expect(parseLevels('', 1)).toBeUndefined();
});

test('edges of both versions; anything else is none', () => {
  expect(parseEdge('17 1')).toEqual([17, true]);
  expect(parseEdge('17 0')).toEqual([17, false]);
  expect(parseEdge('4 rising')).toEqual([4, true]);
  expect(parseEdge('4 falling')).toEqual([4, false]);
  for (const text of ['', '4', '4 2', 'x 1', '4 1 ', "Monitoring line '4'...", '12345678901 1']) {
    expect(parseEdge(text)).toBeUndefined();
  }
});

test('an interactive gpioset is told a level and says it back', () => {
  expect(setCommand(5, true)).toBe('set 5=1\nget 5\n');
  expect(parseSetLine('gpioset> gpioset> "5"=active')).toEqual([5, true]);
  expect(parseSetLine('5=inactive')).toEqual([5, false]);
  for (const text of ['gpioset> ', "gpioset> unknown line: '5'", '"5"=active "6"=active']) {
    expect(parseSetLine(text)).toBeUndefined();
  }
});

describe('commands', () => {
  const levels = new Map([
    [5, true],
    [6, false],
  ]);
  const { info, get, watch, hold, set } = GPIOD_COMMANDS;

  test('of 1.6', () => {
    expect(info(OLD, '/dev/gpiochip0').join(' ')).toBe('gpioinfo /dev/gpiochip0');
    expect(get(OLD, 'gpiochip0', [4, 7]).join(' ')).toBe('gpioget gpiochip0 4 7');
    expect(watch(OLD, 'c', [4, 7])).toEqual([
      ...['gpiomon', '--line-buffered', '--format=%o %e', 'c', '4', '7'],
    ]);
    expect(hold(OLD, 'c', levels).join(' ')).toBe('gpioset --mode=signal c 5=1 6=0');
    expect(set(OLD, 'c', levels).join(' ')).toBe('gpioset --mode=exit c 5=1 6=0');
  });

  test('of 2.x', () => {
    const rest = '--consumer crashcart --chip c';
    expect(info(NEW, 'c').join(' ')).toBe('gpioinfo --chip c');
    expect(get(NEW, 'c', [4, 7]).join(' ')).toBe(`gpioget --numeric ${rest} 4 7`);
    expect(watch(NEW, 'c', [4])).toEqual([
      ...['gpiomon', '--format=%o %E', '--consumer', 'crashcart', '--chip', 'c', '4'],
    ]);
    expect(hold(NEW, 'c', levels).join(' ')).toBe(`gpioset ${rest} 5=1 6=0`);
    expect(hold(INTERACTIVE, 'c', levels).join(' ')).toBe(`gpioset --interactive ${rest} 5=1 6=0`);
    expect(set(NEW, 'c', levels).join(' ')).toBe(`gpioset --toggle 0 ${rest} 5=1 6=0`);
  });
});
