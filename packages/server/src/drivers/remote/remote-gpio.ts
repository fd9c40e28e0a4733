import type { GpioState } from '@crashcart/api';
import type { GpioPart } from '../../core/machine.ts';
import type { ReadonlyCell } from '../../core/state.ts';
import type { RemoteLink } from './remote-link.ts';
import type { RemoteStates } from './remote-states.ts';

/** The user lines of a remote machine, with its scheme and view. */
export class RemoteGpio implements GpioPart {
  readonly state: ReadonlyCell<GpioState>;
  readonly #link: RemoteLink;

  constructor(link: RemoteLink, states: RemoteStates) {
    this.#link = link;
    this.state = states.gpio;
  }

  async switch(channel: string, state: boolean, wait: boolean): Promise<void> {
    const args = { channel, state, wait };
    await this.#link.act((client, signal) => client.call('gpioSwitch', args, { signal }));
  }

  async pulse(channel: string, delayS: number, wait: boolean): Promise<void> {
    const args = { channel, delay: delayS, wait };
    await this.#link.act((client, signal) => client.call('gpioPulse', args, { signal }));
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}
