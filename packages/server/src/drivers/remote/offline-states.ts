import type {
  AtxState,
  GpioState,
  HidPrintState,
  HidState,
  MsdState,
  SwitchState,
} from '@crashcart/api';
import { SwitchChain } from '../../core/switch-chain.ts';
import { NO_SWITCH_SETTINGS } from '../../core/switch-settings.ts';
import { switchStateOf } from '../../core/switch-state.ts';

/** Before the remote has told anything. */
export const HID_UNKNOWN: HidState = {
  ...{ enabled: true, online: false, busy: false, connected: null },
  keyboard: {
    online: false,
    leds: { caps: false, scroll: false, num: false },
    outputs: { available: [], active: '' },
  },
  mouse: { outputs: { available: [], active: '' }, online: false, absolute: true },
  jiggler: { enabled: false, active: false, interval: 60 },
};

export const ATX_UNKNOWN: AtxState = {
  ...{ enabled: true, busy: false },
  acts: { power: false, reset: false },
  leds: { power: false, hdd: false },
};

export const MSD_UNKNOWN: MsdState = {
  ...{ enabled: true, online: false, busy: false },
  ...{ storage: null, drive: null },
};

export const GPIO_UNKNOWN: GpioState = {
  model: { scheme: { inputs: {}, outputs: {} }, view: { header: { title: [] }, table: [] } },
  state: { inputs: {}, outputs: {} },
};

/** As a Switch that is not plugged in. */
export const SWITCH_UNKNOWN: SwitchState = switchStateOf(new SwitchChain(), NO_SWITCH_SETTINGS, {
  defaultEdid: new Uint8Array(),
  isSynced: true,
});

export const NOTHING_PRINTED: HidPrintState = {
  ...{ active: false, written: 0, total: 0, skipped: 0, keymap: '' },
};

/** Keyboard and mouse cannot be reached, their lights are not known. */
export function hidOffline(last: HidState): HidState {
  const { leds } = HID_UNKNOWN.keyboard;
  return {
    ...{ ...last, online: false, busy: false },
    keyboard: { ...last.keyboard, online: false, leds },
    mouse: { ...last.mouse, online: false },
  };
}

/** PiKVM knows no "offline" of the front panel: the lights are off, and calls fail. */
export function atxOffline({ enabled }: AtxState): AtxState {
  return { ...ATX_UNKNOWN, enabled };
}

/** Neither drive nor storage. */
export function msdOffline({ enabled }: MsdState): MsdState {
  return { ...MSD_UNKNOWN, enabled };
}

/** All channels are there, and all are offline. */
export function gpioOffline({ model, state }: GpioState): GpioState {
  const names = (group: object) => Object.keys(group);
  const input = { online: false, state: false };
  return {
    model,
    state: {
      inputs: Object.fromEntries(names(state.inputs).map((name) => [name, input])),
      outputs: Object.fromEntries(
        names(state.outputs).map((name) => [name, { ...input, busy: false }]),
      ),
    },
  };
}
