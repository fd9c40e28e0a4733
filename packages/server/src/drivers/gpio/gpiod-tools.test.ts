import { expect, test } from 'vitest';
import { programAnswer } from '../../platform/program-answer.ts';
import { GPIOD_COMMANDS } from '../../protocols/gpiod-tools.ts';
import { GpiodTools } from './gpiod-tools.ts';

// Debian's programs themselves. No chip has this number, so they tell what they make of our arguments.
const CHIP = '/dev/gpiochip9999';
const NO_CHIP = /No such file or directory|cannot find GPIO chip/;
const { signal } = new AbortController();
const levels = new Map([
  [5, true],
  [6, false],
]);

test('tell their version, and whether they change levels without a gap', async () => {
  const dialect = await new GpiodTools().dialect(signal);
  const { out } = await programAnswer(['gpioset', '--version'], '', signal);
  expect(out).toContain(`gpioset (libgpiod) v${dialect.version}\n`);
  expect(dialect.major).toBe(Number(dialect.version[0]));
  // Debian builds them without.
  expect(dialect.isInteractive).toBe(false);
});

test.each(['info', 'get', 'watch', 'hold', 'set'] as const)(
  'understand how we %s, and miss only the chip',
  async (what) => {
    const dialect = await new GpiodTools().dialect(signal);
    const command =
      what === 'info'
        ? GPIOD_COMMANDS.info(dialect, CHIP)
        : what === 'get' || what === 'watch'
          ? GPIOD_COMMANDS[what](dialect, CHIP, [5, 6])
          : GPIOD_COMMANDS[what](dialect, CHIP, levels);
    const { code, err } = await programAnswer(command, '', signal);
    expect(code).not.toBe(0);
    expect(err).toMatch(NO_CHIP);
    expect(err).not.toMatch(/option|try .*--help/);
  },
);

test('say why nothing can be had, and a label is looked for', async () => {
  const tools = new GpiodTools();
  await expect(tools.find(CHIP, ['5'], signal)).rejects.toThrow(NO_CHIP);
  await expect(tools.hold(CHIP, levels, () => undefined, signal)).rejects.toThrow(NO_CHIP);
  await expect(tools.find('no-such-label', ['5'], signal)).rejects.toThrow(
    'There is no GPIO chip no-such-label',
  );
});
