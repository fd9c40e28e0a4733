import type { AtxButton, AtxPowerAction, AtxState } from '@crashcart/api';
import type { AtxPart } from '../../core/machine.ts';
import { type ReadonlyCell, StateCell } from '../../core/state.ts';
import type { RemoteLink } from './remote-link.ts';
import type { RemoteStates } from './remote-states.ts';

/** Power and reset of a remote machine: when a press may be made is decided there. */
export class RemoteAtx implements AtxPart {
  readonly state: ReadonlyCell<AtxState>;
  /** The wire has none. */
  readonly notice = new StateCell<string | undefined>(undefined);
  readonly #link: RemoteLink;

  constructor(link: RemoteLink, states: RemoteStates) {
    this.#link = link;
    this.state = states.atx;
  }

  async power(action: AtxPowerAction, wait: boolean): Promise<void> {
    await this.#link.act((client, signal) => client.call('atxPower', { action, wait }, { signal }));
  }

  async click(button: AtxButton, wait: boolean): Promise<void> {
    await this.#link.act((client, signal) => client.call('atxClick', { button, wait }, { signal }));
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}
