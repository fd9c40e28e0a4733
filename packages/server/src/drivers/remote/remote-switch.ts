import {
  type AtxButton,
  type AtxPowerAction,
  formatSwitchColor,
  type SwitchColor,
  type SwitchColorRole,
  type SwitchState,
} from '@crashcart/api';
import type { SwitchPart } from '../../core/machine.ts';
import type { ReadonlyCell } from '../../core/state.ts';
import type { SwitchBeacon } from '../../core/switch.ts';
import type { SwitchPortSettings } from '../../core/switch-settings.ts';
import type { RemoteLink } from './remote-link.ts';
import type { RemoteStates } from './remote-states.ts';

/** The PiKVM Switch of a remote machine. */
export class RemoteSwitch implements SwitchPart {
  readonly state: ReadonlyCell<SwitchState>;
  readonly #link: RemoteLink;

  constructor(link: RemoteLink, states: RemoteStates) {
    this.#link = link;
    this.state = states.switch;
  }

  async setActive(port: number): Promise<void> {
    await this.#link.act((client, signal) => client.call('switchSetActive', { port }, { signal }));
  }

  async setActivePrev(): Promise<void> {
    await this.#link.act((client, signal) => client.call('switchSetActivePrev', {}, { signal }));
  }

  async setActiveNext(): Promise<void> {
    await this.#link.act((client, signal) => client.call('switchSetActiveNext', {}, { signal }));
  }

  async setBeacon(which: SwitchBeacon, state: boolean): Promise<void> {
    const args = { state, ...which };
    await this.#link.act((client, signal) => client.call('switchSetBeacon', args, { signal }));
  }

  async setPortParams(port: number, changes: SwitchPortSettings): Promise<void> {
    const { name, edid, dummy, delays } = changes;
    const args = {
      ...{ port, name, dummy, edid_id: edid },
      atx_click_power_delay: delays?.power,
      atx_click_power_long_delay: delays?.power_long,
      atx_click_reset_delay: delays?.reset,
    };
    await this.#link.act((client, signal) => client.call('switchSetPortParams', args, { signal }));
  }

  async setColors(
    colors: Readonly<Partial<Record<SwitchColorRole, SwitchColor | undefined>>>,
  ): Promise<void> {
    const texts = Object.entries(colors).map(([role, color]) => [role, formatSwitchColor(color)]);
    const args = Object.fromEntries(texts);
    await this.#link.act((client, signal) => client.call('switchSetColors', args, { signal }));
  }

  async reset(unit: number, { bootloader }: { readonly bootloader: boolean }): Promise<void> {
    const args = { unit, bootloader };
    await this.#link.act((client, signal) => client.call('switchReset', args, { signal }));
  }

  async createEdid(name: string, data: string): Promise<string> {
    const { id } = await this.#link.act((client, signal) =>
      client.call('switchCreateEdid', { name, data }, { signal }),
    );
    return id;
  }

  async changeEdid(
    id: string,
    changes: { readonly name?: string | undefined; readonly data?: string | undefined },
  ): Promise<void> {
    const args = { id, ...changes };
    await this.#link.act((client, signal) => client.call('switchChangeEdid', args, { signal }));
  }

  async removeEdid(id: string): Promise<void> {
    await this.#link.act((client, signal) => client.call('switchRemoveEdid', { id }, { signal }));
  }

  async atxPower(port: number, action: AtxPowerAction): Promise<void> {
    const args = { port, action };
    await this.#link.act((client, signal) => client.call('switchAtxPower', args, { signal }));
  }

  async atxClick(port: number, button: AtxButton): Promise<void> {
    const args = { port, button };
    await this.#link.act((client, signal) => client.call('switchAtxClick', args, { signal }));
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}
