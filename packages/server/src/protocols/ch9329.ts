import { decodeKeyboardLeds, type KeyboardLeds } from './hid-report.ts';

/**
 * Frames of WCH's CH9329, a serial line to a USB keyboard and mouse (DEVICES.md 4):
 *
 *     57 AB address command length data… sum
 *
 * The sum is the low byte of all before it. A reply has the command with 80 set, an error C0; most
 * replies are one byte of status, 0 for done.
 */
const HEAD = [0x57, 0xab] as const;
const ADDRESS = 0x00;
const HEADER_BYTES = 5;
/** Longest data that the chip has; a frame that says more is none. */
export const MAX_CH9329_DATA = 64;
const REPLY = 0x80;
const ERROR = 0xc0;
const COMMAND = { info: 0x01, keyboard: 0x02, absoluteMouse: 0x04, relativeMouse: 0x05 } as const;
const RESET = 0x0f;
/** The chip stood in the middle of a frame, or read it wrongly: the same frame may do better. */
const READ_ERRORS: readonly number[] = [0xe1, 0xe2, 0xe4];
/** The computer does not take the report: no cable, asleep, off. */
const NOT_TAKEN = 0xe6;
const MAX_COORDINATE = 0xfff;

/** A frame, either way. */
export interface Ch9329Frame {
  readonly command: number;
  readonly data: Uint8Array;
}

/** What a reply says. */
export type Ch9329Answer =
  /** The USB side has a computer, and its lights. */
  | { readonly kind: 'info'; readonly connected: boolean; readonly leds: KeyboardLeds }
  | { readonly kind: 'done' }
  /** The chip could not read the request, which may be sent again. */
  | { readonly kind: 'again' }
  | { readonly kind: 'not-taken' }
  /** The chip will never take this request; its status. */
  | { readonly kind: 'refused'; readonly status: number };

/** The bytes of a frame. */
export function encodeCh9329({ command, data }: Ch9329Frame): Uint8Array {
  const bytes = [...HEAD, ADDRESS, command, data.length, ...data];
  return Uint8Array.from([...bytes, sumOf(bytes)]);
}

/** Asks for the state of the USB side. */
export const CH9329_INFO = encodeCh9329({ command: COMMAND.info, data: new Uint8Array(0) });

/** Starts the chip anew. */
export const CH9329_RESET = encodeCh9329({ command: RESET, data: new Uint8Array(0) });

/** The request of a boot keyboard's report, which is 8 bytes. */
export function ch9329Keyboard(report: Uint8Array): Uint8Array {
  return encodeCh9329({ command: COMMAND.keyboard, data: report });
}

/** The request of an absolute mouse's report without horizontal wheel; the chip has 0..4095. */
export function ch9329AbsoluteMouse(report: Uint8Array): Uint8Array {
  const [buttons = 0, xLow = 0, xHigh = 0, yLow = 0, yHigh = 0, wheel = 0] = report;
  const place = [xLow | (xHigh << 8), yLow | (yHigh << 8)].flatMap((coordinate) => {
    const scaled = Math.min(MAX_COORDINATE, Math.ceil(coordinate / 8));
    return [scaled & 0xff, scaled >> 8];
  });
  const data = Uint8Array.of(2, buttons, ...place, wheel);
  return encodeCh9329({ command: COMMAND.absoluteMouse, data });
}

/** The request of a relative mouse's report without horizontal wheel. */
export function ch9329RelativeMouse(report: Uint8Array): Uint8Array {
  return encodeCh9329({ command: COMMAND.relativeMouse, data: Uint8Array.of(1, ...report) });
}

/** What a frame says to a request; undefined when it answers another one. */
export function ch9329Answer(request: Uint8Array, reply: Ch9329Frame): Ch9329Answer | undefined {
  const command = request[3] ?? 0;
  const [first = 0, usb = 0, leds = 0] = reply.data;
  if (reply.command === (command | ERROR)) return refusal(first);
  if (reply.command !== (command | REPLY)) return undefined;
  if (command === COMMAND.info && reply.data.length > 2) {
    // The lights have the bits of USB's output report.
    return { kind: 'info', connected: usb !== 0, leds: decodeKeyboardLeds(leds) };
  }
  return first === 0 ? { kind: 'done' } : refusal(first);
}

function refusal(status: number): Ch9329Answer {
  if (READ_ERRORS.includes(status)) return { kind: 'again' };
  return status === NOT_TAKEN ? { kind: 'not-taken' } : { kind: 'refused', status };
}

/** Finds the frames in whatever pieces come; bytes that belong to none are skipped. */
export class Ch9329Reader {
  #bytes: readonly number[] = [];

  /** Takes bytes and gives the frames that they complete; never throws. */
  push(bytes: Uint8Array): readonly Ch9329Frame[] {
    this.#bytes = [...this.#bytes, ...bytes];
    const frames: Ch9329Frame[] = [];
    let at = 0;
    while (at < this.#bytes.length) {
      const bytesLeft = this.#bytes.length - at;
      const size = this.#sizeAt(at);
      if (size !== undefined && size > bytesLeft) break;
      const frame = size === undefined ? undefined : this.#bytes.slice(at, at + size);
      if (frame && sumOf(frame.slice(0, -1)) === frame.at(-1)) {
        const data = Uint8Array.from(frame.slice(HEADER_BYTES, -1));
        frames.push({ command: frame[3] ?? 0, data });
        at += frame.length;
      } else at += 1;
    }
    this.#bytes = this.#bytes.slice(at);
    return frames;
  }

  /** How long the frame that begins here is, at least; undefined when none does. */
  #sizeAt(at: number): number | undefined {
    const [first, second, address, , length] = this.#bytes.slice(at, at + HEADER_BYTES);
    const isHead =
      first === HEAD[0] &&
      (second === undefined || second === HEAD[1]) &&
      (address === undefined || address === ADDRESS);
    if (!isHead || (length ?? 0) > MAX_CH9329_DATA) return undefined;
    return HEADER_BYTES + (length ?? 0) + 1;
  }
}

function sumOf(bytes: readonly number[]): number {
  return bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;
}
