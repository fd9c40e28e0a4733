import { EncodedResult } from '../reply.ts';
import type { HandlersOf } from './handlers-of.ts';

/** Power and reset. */
export const atxHandlers: HandlersOf<'atx' | 'atxPower' | 'atxClick'> = {
  atx(_args, { host, services }) {
    const state = host.machine.atx.state.value;
    return new EncodedResult(services.encoded.of(state, '', () => state));
  },

  async atxPower({ action, wait }, { host }) {
    await host.machine.atx.power(action, wait);
    return {};
  },

  async atxClick({ button, wait }, { host }) {
    await host.machine.atx.click(button, wait);
    return {};
  },
};
