import { SWITCH_COLOR_ROLES } from '@crashcart/api';
import type { Log } from '../../src/core/log.ts';
import { StateCell } from '../../src/core/state.ts';
import type { Switch } from '../../src/core/switch.ts';
import { MAX_UNITS } from '../../src/core/switch-ports.ts';
import { PikvmSwitch } from '../../src/drivers/switch/pikvm-switch.ts';
import { CHANNELS } from '../../src/protocols/pikvm-switch/unit-state.ts';
import { memorySwitch } from '../fakes/memory-switch.ts';

/** The default EDID of the recorded rig (reference.yaml), in hexadecimal. */
export const RECORDED_EDID = [
  '00FFFFFFFFFFFF0031D8707701010101231A010380351E780E0565A756529C270F50543FED00B300A9C0950090',
  '408180814081C0714F011D007251D01E206E2855000F282100001E000000FF0043414645424142452020202020',
  '000000FD00324B0F5211000A202020202020000000FC0050694B564D0A20202020202020018D020317314A841F',
  '13223E213D203C0167030C001000802D011D007251D01E206E2855000F282100001E',
  '0'.repeat(172),
  '15',
].join('');

/** The production driver at a device that a test plugs in. */
export function goldenSwitch(
  device: string,
  log: Log,
): { readonly switch: Switch; close(): Promise<void> } {
  const driver = new PikvmSwitch({ device, log, times: { lookMs: 50 } });
  const edid = new StateCell<Uint8Array>(Uint8Array.from(Buffer.from(RECORDED_EDID, 'hex')));
  const units = memorySwitch({ driver, defaultEdid: edid, log });
  return {
    switch: units,
    async close() {
      await units.close();
      await driver[Symbol.asyncDispose]();
    },
  };
}

/** Everything that is kept has its default again. */
export function resetSwitch(units: Switch): void {
  const delays = { power: 0, power_long: 0, reset: 0 };
  for (let port = 0; port < MAX_UNITS * CHANNELS; port += 1) {
    units.setPortParams(port, { name: '', edid: 'default', dummy: true, delays });
  }
  units.setColors(Object.fromEntries(SWITCH_COLOR_ROLES.map((role) => [role, undefined])));
  for (const id of Object.keys(units.state.value.edids.all)) {
    if (id !== 'default') units.removeEdid(id);
  }
}
