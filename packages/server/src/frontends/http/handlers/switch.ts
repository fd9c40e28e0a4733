import { parseSwitchColor } from '@crashcart/api';
import { EncodedResult } from '../reply.ts';
import type { HandlersOf } from './handlers-of.ts';

type SwitchOperation =
  | 'switch'
  | 'switchSetActivePrev'
  | 'switchSetActiveNext'
  | 'switchSetActive'
  | 'switchSetBeacon'
  | 'switchSetPortParams'
  | 'switchSetColors'
  | 'switchReset'
  | 'switchCreateEdid'
  | 'switchChangeEdid'
  | 'switchRemoveEdid'
  | 'switchAtxPower'
  | 'switchAtxClick';

/** The PiKVM Switch. No answer waits for the units. */
export const switchHandlers: HandlersOf<SwitchOperation> = {
  switch(_args, { host, services }) {
    const state = host.machine.switch.state.value;
    return new EncodedResult(services.encoded.of(state, '', () => state));
  },

  async switchSetActivePrev(_args, { host }) {
    await host.machine.switch.setActivePrev();
    return {};
  },

  async switchSetActiveNext(_args, { host }) {
    await host.machine.switch.setActiveNext();
    return {};
  },

  async switchSetActive({ port }, { host }) {
    await host.machine.switch.setActive(port);
    return {};
  },

  async switchSetBeacon({ state, port, uplink, downlink }, { host }) {
    const { switch: units } = host.machine;
    if (port !== undefined) await units.setBeacon({ port }, state);
    else if (uplink !== undefined) await units.setBeacon({ uplink }, state);
    else if (downlink !== undefined) await units.setBeacon({ downlink }, state);
    return {};
  },

  async switchSetPortParams({ port, ...params }, { host }) {
    await host.machine.switch.setPortParams(port, {
      name: params.name,
      edid: params.edid_id,
      dummy: params.dummy,
      delays: {
        power: params.atx_click_power_delay,
        power_long: params.atx_click_power_long_delay,
        reset: params.atx_click_reset_delay,
      },
    });
    return {};
  },

  async switchSetColors(params, { host }) {
    const given = Object.entries(params).filter(([, text]) => text !== undefined);
    const colors = given.map(([role, text]) => [role, parseSwitchColor(text ?? '')]);
    await host.machine.switch.setColors(Object.fromEntries(colors));
    return {};
  },

  async switchReset({ unit, bootloader }, { host }) {
    await host.machine.switch.reset(unit, { bootloader });
    return {};
  },

  async switchCreateEdid({ name, data }, { host }) {
    return { id: await host.machine.switch.createEdid(name, data) };
  },

  async switchChangeEdid({ id, name, data }, { host }) {
    await host.machine.switch.changeEdid(id, { name, data });
    return {};
  },

  async switchRemoveEdid({ id }, { host }) {
    await host.machine.switch.removeEdid(id);
    return {};
  },

  async switchAtxPower({ port, action }, { host }) {
    await host.machine.switch.atxPower(port, action);
    return {};
  },

  async switchAtxClick({ port, button }, { host }) {
    await host.machine.switch.atxClick(port, button);
    return {};
  },
};
