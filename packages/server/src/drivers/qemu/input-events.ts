import type { MouseButton } from '@crashcart/api';

/** An event of QEMU's `input-send-event` (qapi/ui.json, InputEvent). */
export interface InputEvent {
  readonly type: string;
  readonly data: object;
}

/** Names of QEMU's buttons; usb-tablet of QEMU 7.2 does not deliver side and extra. */
export const BUTTONS: Record<MouseButton, string> = {
  ...{ left: 'left', right: 'right', middle: 'middle', up: 'side', down: 'extra' },
};

/** A key by its QKeyCode. */
export const keyEvent = (qcode: string, down: boolean): InputEvent => ({
  type: 'key',
  data: { down, key: { type: 'qcode', data: qcode } },
});

/** A button by QEMU's name, also the steps of the wheel. */
export const buttonEvent = (button: string, down: boolean): InputEvent => ({
  type: 'btn',
  data: { button, down },
});

/** An absolute place, -32768..32767. */
export const placeEvent = (axis: 'x' | 'y', place: number): InputEvent => ({
  type: 'abs',
  data: { axis, value: Math.round(((place + 32768) * 32767) / 65535) },
});

/** A relative step. */
export const stepEvent = (axis: 'x' | 'y', value: number): InputEvent => ({
  type: 'rel',
  data: { axis, value },
});
