import { gpioState, msdState, switchState } from '@crashcart/api';
import { expect, test } from 'vitest';
import { DisabledGpio } from './gpio.ts';
import { DisabledMsd } from './msd.ts';
import { DisabledVideoSource } from './streamer.ts';
import { DisabledSwitch } from './switch.ts';

test.each([
  ['gpio', gpioState, new DisabledGpio()],
  ['msd', msdState, new DisabledMsd()],
  ['switch', switchState, new DisabledSwitch()],
] as const)('an absent %s has a state of the contract', (_part, schema, part) => {
  expect(schema.strict().parse(part.state.value)).toEqual(part.state.value);
});

test('absent video says that it is disabled', async () => {
  await using source = new DisabledVideoSource();
  await using feed = source.open();
  expect(feed.signal.value).toEqual({ online: false, reason: 'Video is disabled' });
});
