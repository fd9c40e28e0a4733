import type { SwitchState } from '@crashcart/api';
import { type ReadonlyCell, StateCell } from '../../core/state.ts';

const DELAY_LIMITS = { min: 0, max: 10 };

/** No Switch is plugged in: the state that PiKVM has then (recorded), without an EDID store. */
export class DisabledSwitch {
  readonly state: ReadonlyCell<SwitchState> = new StateCell<SwitchState>({
    model: {
      firmware: { version: 9 },
      units: [],
      ports: [],
      limits: {
        atx: {
          click_delays: {
            power: { default: 0.5, ...DELAY_LIMITS },
            power_long: { default: 5.5, ...DELAY_LIMITS },
            reset: { default: 0.5, ...DELAY_LIMITS },
          },
        },
      },
    },
    summary: { active_port: -1, active_id: '', synced: true },
    edids: { all: {}, used: [] },
    colors: {
      bootloader: { red: 255, green: 170, blue: 0, blink_ms: 0, brightness: 128 },
      beacon: { red: 228, green: 44, blue: 156, blink_ms: 250, brightness: 255 },
      inactive: { red: 255, green: 0, blue: 0, blink_ms: 0, brightness: 64 },
      flashing: { red: 0, green: 170, blue: 255, blink_ms: 0, brightness: 128 },
      active: { red: 0, green: 255, blue: 0, blink_ms: 0, brightness: 128 },
    },
    video: { links: [] },
    usb: { links: [] },
    beacons: { uplinks: [], downlinks: [], ports: [] },
    atx: { busy: [], leds: { power: [], hdd: [] } },
  });
}
