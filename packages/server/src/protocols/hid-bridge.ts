import { crc16 } from './crc16.ts';
import type { KeyboardLeds } from './hid-report.ts';
import type { TableButton } from './keys.ts';

/**
 * What PiKVM's firmware for an Arduino or a Pico speaks, a USB keyboard and mouse behind a serial
 * line (DEVICES.md 3.2, 3.3). Requests are 8 bytes, replies 8 or, of old firmware, 4; the CRC is
 * CRC-16/MODBUS of all before it, high byte first:
 *
 *     33 command a b c d crc crc
 *     34 code out1 out2 0 0 crc crc
 *     33 code crc crc
 */
const REQUEST = 0x33;
const REPLY = 0x34;
const REPLY_BYTES = 8;
const OLD_REPLY = 0x33;
const OLD_REPLY_BYTES = 4;
const CRC_BYTES = 2;

const CODE = { done: 0x20, nothing: 0x24, badCrc: 0x40, timeout: 0x48, state: 0x80 } as const;
const STATE = { caps: 1, scroll: 2, num: 4, noKeyboard: 8, noMouse: 0x10, reset: 0x40 } as const;
const OUT1 = { dynamic: 0x80, keyboardMask: 0x07, mouseMask: 0x38 } as const;
const OUT2 = { usb: 1, ps2: 2, win98: 4, connected: 0x40, connectable: 0x80 } as const;

/** Keyboards that the firmware can be, by its codes. */
const KEYBOARDS = { disabled: 0x00, usb: 0x01, ps2: 0x03 } as const;
/** Mice that the firmware can be, by its codes. */
const MICE = { disabled: 0x00, usb: 0x08, usb_rel: 0x10, ps2: 0x18, usb_win98: 0x20 } as const;

/** Bits that select a button, in the first or the second byte, and those that press it. */
const BUTTONS: Readonly<
  Record<TableButton, readonly [index: 0 | 1, select: number, press: number]>
> = {
  left: [0, 0x80, 0x08],
  right: [0, 0x40, 0x04],
  middle: [0, 0x20, 0x02],
  up: [1, 0x80, 0x08],
  down: [1, 0x40, 0x04],
};

/** What the firmware can be, and is; nothing to choose is an empty list. */
export interface BridgeOutputs {
  readonly available: readonly string[];
  /** Empty where nothing can be chosen. */
  readonly active: string;
}

/** What a reply tells of the bridge. */
export interface BridgeState {
  readonly leds: KeyboardLeds;
  readonly keyboardOnline: boolean;
  readonly mouseOnline: boolean;
  /** The bridge wants to be started anew. */
  readonly needsReset: boolean;
  readonly keyboard: BridgeOutputs;
  readonly mouse: BridgeOutputs;
  /** Whether the USB plug is "in"; null where the bridge cannot pull it. */
  readonly connected: boolean | null;
}

/** A reply to a request. */
export type BridgeReply =
  | { readonly kind: 'state'; readonly state: BridgeState }
  /** Done, by old firmware that tells nothing. */
  | { readonly kind: 'done' }
  /** The request did not arrive whole, or there is none to repeat the reply of. */
  | { readonly kind: 'again' }
  /** The firmware will never take this request; its code. */
  | { readonly kind: 'refused'; readonly code: number }
  /** A reply that did not arrive whole. */
  | { readonly kind: 'garbled' };

function request(command: number, a = 0, b = 0, c = 0, d = 0): Uint8Array {
  return sealed([REQUEST, command, a, b, c, d].map((value) => value & 0xff));
}

function sealed(bytes: readonly number[]): Uint8Array {
  const crc = crc16(Uint8Array.from(bytes));
  return Uint8Array.of(...bytes, crc >> 8, crc & 0xff);
}

/** Asks for the state. */
export const BRIDGE_PING = request(0x01);
/** Asks for the last reply once more. */
export const BRIDGE_REPEAT = request(0x02);
/** Lets all keys and buttons go. */
export const BRIDGE_CLEAR = request(0x10);

/** The reply of old firmware that all is done. */
export const BRIDGE_OLD_DONE = sealed([OLD_REPLY, CODE.done]);

/** Presses or releases a key by its `mcu` code. */
export function bridgeKey(mcu: number, pressed: boolean): Uint8Array {
  return request(0x11, mcu, pressed ? 1 : 0);
}

/** Moves the absolute mouse to a place, -32768..32767 each. */
export function bridgeMove(x: number, y: number): Uint8Array {
  return request(0x12, x >> 8, x, y >> 8, y);
}

/** Presses or releases a button. */
export function bridgeButton(button: TableButton, pressed: boolean): Uint8Array {
  const [index, select, press] = BUTTONS[button];
  const bits = pressed ? select | press : select;
  return index === 0 ? request(0x13, bits) : request(0x13, 0, bits);
}

/** Turns the wheel up by -127..127; there is no horizontal one. */
export function bridgeWheel(dy: number): Uint8Array {
  return request(0x14, 0, dy);
}

/** Moves the relative mouse by -127..127 each. */
export function bridgeMoveBy(dx: number, dy: number): Uint8Array {
  return request(0x15, dx, dy);
}

/** Makes the bridge another keyboard; undefined for a name that it does not know. */
export function bridgeKeyboardOutput(name: string): Uint8Array | undefined {
  const code = codeOf(KEYBOARDS, name);
  return code === undefined ? undefined : request(0x03, code);
}

/** Makes the bridge another mouse; undefined for a name that it does not know. */
export function bridgeMouseOutput(name: string): Uint8Array | undefined {
  const code = codeOf(MICE, name);
  return code === undefined ? undefined : request(0x04, code);
}

/** Plugs the USB plug in, or pulls it. */
export function bridgeConnect(connected: boolean): Uint8Array {
  return request(0x05, connected ? 1 : 0);
}

/** Finds the replies in whatever pieces come; bytes that belong to none are skipped. */
export class BridgeReader {
  #bytes: readonly number[] = [];

  /** Takes bytes and gives the replies that they complete; never throws. */
  push(bytes: Uint8Array): readonly BridgeReply[] {
    this.#bytes = [...this.#bytes, ...bytes];
    const replies: BridgeReply[] = [];
    let at = 0;
    while (at < this.#bytes.length) {
      const head = this.#bytes[at];
      const size = head === REPLY ? REPLY_BYTES : head === OLD_REPLY ? OLD_REPLY_BYTES : 0;
      if (this.#bytes.length - at < size) break;
      const frame = this.#bytes.slice(at, at + size);
      const isWhole = size > 0 && isSealed(frame);
      if (size > 0) replies.push(isWhole ? decodeReply(frame) : { kind: 'garbled' });
      at += isWhole ? size : 1;
    }
    this.#bytes = this.#bytes.slice(at);
    return replies;
  }
}

function isSealed(frame: readonly number[]): boolean {
  const sealedAgain = sealed(frame.slice(0, -CRC_BYTES));
  return frame.every((byte, index) => byte === sealedAgain[index]);
}

function decodeReply(frame: readonly number[]): BridgeReply {
  const [, code = 0, ...rest] = frame.slice(0, -CRC_BYTES);
  const [out1 = 0, out2 = 0] = rest;
  if ((code & CODE.state) !== 0) return { kind: 'state', state: decodeState(code, out1, out2) };
  if (code === CODE.done) return { kind: 'done' };
  const isAgain = code === CODE.badCrc || code === CODE.timeout || code === CODE.nothing;
  return isAgain ? { kind: 'again' } : { kind: 'refused', code };
}

function decodeState(flags: number, out1: number, out2: number): BridgeState {
  const has = (bits: number, bit: number) => (bits & bit) !== 0;
  const isDynamic = has(out1, OUT1.dynamic);
  const outputs = (
    codes: Readonly<Record<string, number>>,
    names: readonly string[],
    mask: number,
  ) =>
    isDynamic
      ? {
          available: names.length > 0 ? [...names, 'disabled'] : [],
          active: nameOf(codes, out1 & mask) ?? 'disabled',
        }
      : { available: [], active: '' };
  const usb = (names: readonly string[]) => (has(out2, OUT2.usb) ? names : []);
  const ps2 = has(out2, OUT2.ps2) ? ['ps2'] : [];
  const win98 = has(out2, OUT2.win98) ? ['usb_win98'] : [];
  const mice = [...usb(['usb', 'usb_rel']), ...win98, ...ps2];
  return {
    leds: {
      caps: has(flags, STATE.caps),
      scroll: has(flags, STATE.scroll),
      num: has(flags, STATE.num),
    },
    keyboardOnline: !has(flags, STATE.noKeyboard),
    mouseOnline: !has(flags, STATE.noMouse),
    needsReset: has(flags, STATE.reset),
    keyboard: outputs(KEYBOARDS, [...usb(['usb']), ...ps2], OUT1.keyboardMask),
    mouse: outputs(MICE, mice, OUT1.mouseMask),
    connected: has(out2, OUT2.connectable) ? has(out2, OUT2.connected) : null,
  };
}

function codeOf(codes: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(codes, name) ? codes[name] : undefined;
}

function nameOf(codes: Readonly<Record<string, number>>, code: number): string | undefined {
  return Object.keys(codes).find((name) => codes[name] === code);
}
