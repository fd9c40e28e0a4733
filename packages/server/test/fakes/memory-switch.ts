import { type Log, silentLog } from '../../src/core/log.ts';
import { StateCell } from '../../src/core/state.ts';
import { Switch, type SwitchOptions } from '../../src/core/switch.ts';
import { NO_SWITCH_SETTINGS, type SwitchSettings } from '../../src/core/switch-settings.ts';
import { DisabledSwitch } from '../../src/drivers/disabled/switch.ts';

/** Settings that are kept as long as the test runs. */
export class MemorySettings {
  value: SwitchSettings;

  constructor(value: SwitchSettings = NO_SWITCH_SETTINGS) {
    this.value = value;
  }

  async save(settings: SwitchSettings): Promise<void> {
    this.value = settings;
  }
}

/** A Switch that keeps nothing on disk; without a driver no unit is ever there. */
export function memorySwitch(
  given: Partial<Omit<SwitchOptions, 'log'>> & { readonly log?: Log } = {},
): Switch {
  return new Switch({
    driver: new DisabledSwitch(),
    store: new MemorySettings(),
    defaultEdid: new StateCell(new Uint8Array()),
    ignoreHpdOnTop: false,
    log: silentLog,
    ...given,
  });
}
