import { DEFAULT_EDID_ID, SWITCH_DELAY_LIMITS, type SwitchState } from '@crashcart/api';
import { parseEdid } from '../protocols/edid.ts';
import { CHANNELS, DOWNLINK, UPLINK_BEACON } from '../protocols/pikvm-switch/unit-state.ts';
import type { SwitchChain } from './switch-chain.ts';
import { placeOf, portId } from './switch-ports.ts';
import { allColors, DEFAULT_DELAYS, portSettings, type SwitchSettings } from './switch-settings.ts';

/** The firmware that PiKVM 4.197 offers; the page asks to update an older one. */
const CURRENT_FIRMWARE = 9;

const limit = (delay: number) => ({ default: delay, ...SWITCH_DELAY_LIMITS });
const LIMITS = {
  atx: {
    click_delays: {
      power: limit(DEFAULT_DELAYS.power),
      power_long: limit(DEFAULT_DELAYS.power_long),
      reset: limit(DEFAULT_DELAYS.reset),
    },
  },
};

/** The state as the wire has it. The lists are empty until each unit has told all of itself. */
export function switchStateOf(
  chain: SwitchChain,
  settings: SwitchSettings,
  { defaultEdid, isSynced }: { readonly defaultEdid: Uint8Array; readonly isSynced: boolean },
): SwitchState {
  const units = chain.isKnown ? chain.units : [];
  const states = units.flatMap(({ state }) => (state ? [state] : []));
  const leds = units.flatMap(({ leds: lights }) => (lights ? [lights] : []));
  const ports = Array.from({ length: states.length * CHANNELS }, (_, port) => port);
  const active = states.length > 0 ? chain.active : undefined;
  return {
    model: {
      firmware: { version: CURRENT_FIRMWARE },
      units: states.map(({ firmware }) => ({ firmware })),
      ports: ports.map((port) => describePort(port, states.length, settings)),
      limits: LIMITS,
    },
    summary: {
      active_port: active ?? -1,
      active_id: active === undefined ? '' : portId(active, states.length),
      synced: isSynced,
    },
    edids: {
      all: edidsOf(settings, defaultEdid),
      used: ports.map((port) => portSettings(settings, port).edid),
    },
    colors: allColors(settings),
    video: { links: states.flatMap(({ videoLinks }) => videoLinks) },
    usb: { links: states.flatMap(({ usbLinks }) => usbLinks) },
    beacons: {
      uplinks: states.map(({ beacons }) => beacons[UPLINK_BEACON] ?? false),
      downlinks: states.map(({ beacons }) => beacons[DOWNLINK] ?? false),
      ports: states.flatMap(({ beacons }) => beacons.slice(0, CHANNELS)),
    },
    atx: {
      busy: states.flatMap(({ atxBusy }) => atxBusy),
      leds: {
        power: leds.flatMap(({ power }) => power),
        hdd: leds.flatMap(({ hdd }) => hdd),
      },
    },
  };
}

function describePort(port: number, units: number, settings: SwitchSettings) {
  const { name, dummy, delays } = portSettings(settings, port);
  return {
    ...placeOf(port),
    id: portId(port, units),
    name,
    atx: { click_delays: delays },
    video: { dummy },
  };
}

function edidsOf({ edids }: SwitchSettings, defaultEdid: Uint8Array): SwitchState['edids']['all'] {
  const data = Buffer.from(defaultEdid).toString('hex').toUpperCase();
  const all = { [DEFAULT_EDID_ID]: { name: 'Default', data }, ...edids };
  return Object.fromEntries(
    Object.entries(all).map(([id, edid]) => [id, { ...edid, parsed: parsed(edid.data) }]),
  );
}

function parsed(data: string): SwitchState['edids']['all'][string]['parsed'] {
  const info = parseEdid(Buffer.from(data, 'hex'));
  if (!info) return null;
  return {
    mfc_id: info.maker,
    product_id: info.product,
    serial: info.serial,
    monitor_name: info.monitorName ?? null,
    monitor_serial: info.monitorSerial ?? null,
    audio: info.audio,
  };
}
