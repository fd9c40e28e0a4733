import type { KeyName, MouseButton } from './keys.ts';

/**
 * Binary messages on /ws (recorded). The first byte is the kind:
 *
 *     00                      ping, answered by the single byte ff
 *     01 FLAGS KEY            key: name in ASCII, or with FLAGS.7 a Linux code, u16 big-endian
 *     02 FLAGS BUTTON         button: likewise (BTN_LEFT is 0x110)
 *     03 X Y                  absolute move: i16 big-endian each
 *     04 SQUASH (DX DY)*      relative moves: i8 each
 *     05 SQUASH (DX DY)*      wheel steps: i8 each
 *
 * FLAGS: bit 0 pressed, bit 1 release at once (`finish`), bit 7 numeric code.
 */
export const FRAME = {
  ping: 0,
  key: 1,
  button: 2,
  move: 3,
  relative: 4,
  wheel: 5,
  pong: 0xff,
} as const;

const FLAG_STATE = 0x01;
const FLAG_FINISH = 0x02;
export const FLAG_NUMERIC = 0x80;

const ascii = new TextEncoder();

/** A key press or release by name. */
export function keyFrame(key: KeyName, state: boolean, finish = false): Uint8Array<ArrayBuffer> {
  return namedFrame(FRAME.key, key, state, finish);
}

/** A button press or release by name. */
export function buttonFrame(button: MouseButton, state: boolean): Uint8Array<ArrayBuffer> {
  return namedFrame(FRAME.button, button, state, false);
}

function namedFrame(kind: number, name: string, state: boolean, finish: boolean) {
  const bytes = ascii.encode(name);
  const frame = new Uint8Array(2 + bytes.length);
  frame[0] = kind;
  frame[1] = (state ? FLAG_STATE : 0) | (finish ? FLAG_FINISH : 0);
  frame.set(bytes, 2);
  return frame;
}

/** An absolute move, -32768..32767 each. */
export function moveFrame(x: number, y: number): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(5);
  const view = new DataView(frame.buffer);
  frame[0] = FRAME.move;
  view.setInt16(1, x);
  view.setInt16(3, y);
  return frame;
}

/** One step of a relative move or of the wheels. */
export interface Delta {
  readonly x: number;
  readonly y: number;
}

/** Relative moves, -127..127 each; with `squash` the server may join them. */
export function relativeFrame(deltas: readonly Delta[], squash: boolean): Uint8Array<ArrayBuffer> {
  return deltaFrame(FRAME.relative, deltas, squash);
}

/** Wheel steps, -127..127 each; with `squash` the server may join them. */
export function wheelFrame(deltas: readonly Delta[], squash: boolean): Uint8Array<ArrayBuffer> {
  return deltaFrame(FRAME.wheel, deltas, squash);
}

function deltaFrame(kind: number, deltas: readonly Delta[], squash: boolean) {
  const frame = new Uint8Array(2 + deltas.length * 2);
  const view = new DataView(frame.buffer);
  frame[0] = kind;
  frame[1] = squash ? 1 : 0;
  deltas.forEach((delta, index) => {
    view.setInt8(2 + index * 2, delta.x);
    view.setInt8(3 + index * 2, delta.y);
  });
  return frame;
}
