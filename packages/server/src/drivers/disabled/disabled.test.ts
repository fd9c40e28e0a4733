import { switchState } from '@crashcart/api';
import { expect, test } from 'vitest';
import { memorySwitch } from '../../../test/fakes/memory-switch.ts';
import { DisabledVideoSource } from './streamer.ts';

test('an absent switch has a state of the contract', () => {
  const { value } = memorySwitch().state;
  expect(switchState.strict().parse(value)).toEqual(value);
});

test('absent video says that it is disabled', async () => {
  await using source = new DisabledVideoSource();
  await using feed = source.open();
  expect(feed.signal.value).toEqual({ online: false, reason: 'Video is disabled' });
});
