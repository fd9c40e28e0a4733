import { join } from 'node:path';
import type { MachineConfig } from './config/schema.ts';
import type { Log } from './core/log.ts';
import type { Scope } from './core/scope.ts';
import type { SwitchOptions } from './core/switch.ts';
import type { SwitchDriver } from './core/switch-driver.ts';
import { DisabledSwitch } from './drivers/disabled/switch.ts';
import { PikvmSwitch } from './drivers/switch/pikvm-switch.ts';
import { ensureDir } from './platform/files.ts';
import { EdidFile } from './store/edid-file.ts';
import { openSwitchSettings } from './store/switch-settings.ts';

/** What is kept of the Switch, in the folder of each machine. */
const SETTINGS = 'switch.json';

/** The line to the Switch of a machine, if it may have one. */
export function createSwitchDriver({ device }: MachineConfig['switch'], log: Log): SwitchDriver {
  return device === '' ? new DisabledSwitch() : new PikvmSwitch({ device, log });
}

/** What the Switch of a machine is made of; the scope owns what is opened. */
export async function switchOptionsOf(
  id: string,
  config: MachineConfig['switch'],
  { stateDir, log, scope }: { readonly stateDir: string; readonly log: Log; readonly scope: Scope },
): Promise<Omit<SwitchOptions, 'driver' | 'log'>> {
  const place = join(stateDir, 'machines', id);
  await ensureDir(place);
  const store = await openSwitchSettings(join(place, SETTINGS));
  const file = await EdidFile.open(config.default_edid, log);
  scope.add(() => file.close());
  return { store, defaultEdid: file.edid, ignoreHpdOnTop: config.ignore_hpd_on_top };
}
