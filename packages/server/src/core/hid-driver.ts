import type { KeyName, MouseButton } from '@crashcart/api';
import type { ReadonlyCell } from './state.ts';

/** What a HID driver knows of its device. */
export interface HidDriverState {
  readonly online: boolean;
  readonly busy: boolean;
  /** Whether the device is plugged in to the machine; null where it cannot be unplugged. */
  readonly connected: boolean | null;
  readonly keyboard: {
    readonly online: boolean;
    readonly leds: { readonly caps: boolean; readonly scroll: boolean; readonly num: boolean };
    readonly outputs: { readonly available: readonly string[]; readonly active: string };
  };
  readonly mouse: {
    readonly online: boolean;
    readonly absolute: boolean;
    readonly outputs: { readonly available: readonly string[]; readonly active: string };
  };
}

/** A state that says "not there". */
export const HID_OFFLINE: HidDriverState = {
  online: false,
  busy: false,
  connected: null,
  keyboard: {
    online: false,
    leds: { caps: false, scroll: false, num: false },
    outputs: { available: [], active: '' },
  },
  mouse: { online: false, absolute: true, outputs: { available: [], active: '' } },
};

/**
 * A keyboard and mouse, raw: policy (who pressed what, clamping, typing) is `Hid`'s. Events are
 * taken at once, kept in order and paced by the driver as fast as the device can take them; moves
 * that wait may be replaced by newer ones, presses and releases never are. An event for a device
 * that is offline is dropped.
 */
export interface HidDriver extends AsyncDisposable {
  readonly enabled: boolean;
  readonly state: ReadonlyCell<HidDriverState>;
  /** Whether an event given now would reach the device; it is dropped otherwise. */
  readonly ready: boolean;
  /** How many events wait to be sent. */
  readonly backlog: number;
  /** Resolves when the backlog is at most `count`. */
  drained(count: number, signal?: AbortSignal): Promise<void>;
  key(key: KeyName, pressed: boolean): void;
  button(button: MouseButton, pressed: boolean): void;
  /** Absolute place, -32768..32767 each; ignored in relative mode. */
  move(x: number, y: number): void;
  /** Relative step, -127..127 each; ignored in absolute mode. */
  moveBy(dx: number, dy: number): void;
  /** Wheel steps, -127..127 each: x to the right, y up (away from the user). */
  wheel(dx: number, dy: number): void;
  /** Releases all keys and buttons on the device, whatever was pressed. */
  releaseAll(): void;
  /** Releases everything and starts the device anew. */
  reset(): Promise<void>;
  setKeyboardOutput(output: string): Promise<void>;
  setMouseOutput(output: string): Promise<void>;
  setConnected(connected: boolean): Promise<void>;
}
