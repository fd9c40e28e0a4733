import {
  type AtxButton,
  DEFAULT_EDID_ID,
  SWITCH_COLOR_ROLES,
  type SwitchColor,
  type SwitchColorRole,
} from '@crashcart/api';

/** What is kept of a port; what is missing has its default. */
export interface SwitchPortSettings {
  readonly name?: string | undefined;
  /** Key of `edids`. */
  readonly edid?: string | undefined;
  /** Pretends a display while the port is not active. */
  readonly dummy?: boolean | undefined;
  /** Lengths of presses, s. */
  readonly delays?: Readonly<Partial<Record<AtxButton, number | undefined>>> | undefined;
}

/** What is kept of a Switch over restarts; only what is not the default. */
export interface SwitchSettings {
  /** By id; `data` is upper-case hexadecimal of 128 or 256 bytes. The default one is not here. */
  readonly edids: Readonly<Record<string, { readonly name: string; readonly data: string }>>;
  /** By the number of the port, from 0. */
  readonly ports: Readonly<Record<string, SwitchPortSettings>>;
  readonly colors: Readonly<Partial<Record<SwitchColorRole, SwitchColor | undefined>>>;
}

/** Where the settings are kept; a save may be slow or fail. */
export interface SwitchSettingsStore {
  /** What was found at the start. */
  readonly value: SwitchSettings;
  save(settings: SwitchSettings): Promise<void>;
}

/** The settings of a new Switch. */
export const NO_SWITCH_SETTINGS: SwitchSettings = { edids: {}, ports: {}, colors: {} };

/** Lengths of presses unless a port has its own, s. */
export const DEFAULT_DELAYS = { power: 0.5, power_long: 5.5, reset: 0.5 } as const;

/** PiKVM's colours. */
export const DEFAULT_COLORS: Readonly<Record<SwitchColorRole, SwitchColor>> = {
  inactive: { red: 255, green: 0, blue: 0, brightness: 64, blink_ms: 0 },
  active: { red: 0, green: 255, blue: 0, brightness: 128, blink_ms: 0 },
  flashing: { red: 0, green: 170, blue: 255, brightness: 128, blink_ms: 0 },
  beacon: { red: 228, green: 44, blue: 156, brightness: 255, blink_ms: 250 },
  bootloader: { red: 255, green: 170, blue: 0, brightness: 128, blink_ms: 0 },
};

/** A port with its defaults filled in. */
export function portSettings({ ports }: SwitchSettings, port: number) {
  const { name = '', edid = DEFAULT_EDID_ID, dummy = true, delays } = ports[port] ?? {};
  return {
    ...{ name, edid, dummy },
    delays: {
      power: delays?.power ?? DEFAULT_DELAYS.power,
      power_long: delays?.power_long ?? DEFAULT_DELAYS.power_long,
      reset: delays?.reset ?? DEFAULT_DELAYS.reset,
    },
  };
}

/** The settings with another value for each part of the port that `changes` names. */
export function withPort(
  settings: SwitchSettings,
  port: number,
  changes: SwitchPortSettings,
): SwitchSettings {
  const before = settings.ports[port] ?? {};
  const given = { ...before, ...defined(changes) };
  const { name, edid, dummy } = given;
  const own = Object.entries({ ...before.delays, ...defined(changes.delays ?? {}) });
  // 0 stands for the default, too.
  const delays = own.filter(([button, delay]) => {
    return delay !== 0 && delay !== DEFAULT_DELAYS[button as AtxButton];
  });
  const kept: SwitchPortSettings = {
    ...(name ? { name } : {}),
    ...(edid !== undefined && edid !== DEFAULT_EDID_ID ? { edid } : {}),
    ...(dummy === false ? { dummy } : {}),
    ...(delays.length > 0 ? { delays: Object.fromEntries(delays) } : {}),
  };
  const { [String(port)]: _old, ...others } = settings.ports;
  const ports = Object.keys(kept).length > 0 ? { ...others, [port]: kept } : others;
  return { ...settings, ports };
}

/** The settings without an EDID; its ports have the default one. */
export function withoutEdid(settings: SwitchSettings, id: string): SwitchSettings {
  const { [id]: _removed, ...edids } = settings.edids;
  const users = Object.entries(settings.ports).filter(([, { edid }]) => edid === id);
  const freed = users.reduce(
    (all, [port]) => withPort(all, Number(port), { edid: DEFAULT_EDID_ID }),
    settings,
  );
  return { ...freed, edids };
}

/** The settings with other colours; undefined is the default. */
export function withColors(
  settings: SwitchSettings,
  changes: Readonly<Partial<Record<SwitchColorRole, SwitchColor | undefined>>>,
): SwitchSettings {
  const colors = defined({ ...settings.colors, ...changes });
  return { ...settings, colors };
}

/** The colour of each role. */
export function allColors({ colors }: SwitchSettings): Record<SwitchColorRole, SwitchColor> {
  return { ...DEFAULT_COLORS, ...defined(colors) };
}

/** The colours in the order of the Switch. */
export function orderedColors(settings: SwitchSettings): readonly SwitchColor[] {
  const colors = allColors(settings);
  return SWITCH_COLOR_ROLES.map((role) => colors[role]);
}

/** Without the keys whose value is undefined. */
function defined<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
