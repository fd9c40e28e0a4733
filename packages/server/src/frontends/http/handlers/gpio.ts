import { EncodedResult } from '../reply.ts';
import type { HandlersOf } from './handlers-of.ts';

/** The user GPIO lines. */
export const gpioHandlers: HandlersOf<'gpio' | 'gpioSwitch' | 'gpioPulse'> = {
  gpio(_args, { host, services }) {
    const state = host.machine.gpio.state.value;
    return new EncodedResult(services.encoded.of(state, '', () => state));
  },

  async gpioSwitch({ channel, state, wait }, { host }) {
    await host.machine.gpio.switch(channel, state, wait);
    return {};
  },

  async gpioPulse({ channel, delay, wait }, { host }) {
    await host.machine.gpio.pulse(channel, delay, wait);
    return {};
  },
};
