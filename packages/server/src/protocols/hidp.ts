import { keyboardDescriptor, mouseDescriptor } from './hid-descriptor.ts';
import { decodeKeyboardLeds, type KeyboardLeds } from './hid-report.ts';

/**
 * The Bluetooth HID profile's own protocol (HID Profile 1.1, 3.1). Each packet of one of the two
 * channels is one message:
 *
 *     7..4 type | 3..0 parameter, then what the type has
 *
 *     control    71 SET_PROTOCOL report     -> 00 handshake: done
 *                52 01 lights, SET_REPORT   -> 00
 *     interrupt  A1 01 keyboard report         to the machine
 *                A1 02 relative mouse report   to the machine
 *                A2 01 lights                  from the machine
 */

/** L2CAP channels of the profile, PSM. */
export const HIDP_PSM = { control: 17, interrupt: 19 } as const;
/** Numbers of our reports; those of the boot protocol, so that it needs no other reports. */
export const HIDP_REPORT = { keyboard: 1, mouse: 2 } as const;

const HANDSHAKE_OK = 0x00;
const HANDSHAKE_UNSUPPORTED = 0x03;
/** HID_CONTROL has no answer; its parameter 5 is "virtual cable unplug". */
const HID_CONTROL = 0x1;
const UNPLUG = 5;
const SET_REPORT = 0x5;
const GET_PROTOCOL = 0x6;
const SET_PROTOCOL = 0x7;
const DATA = 0xa;
/** Parameters of SET_REPORT and DATA. */
const OTHER = 0;
const INPUT = 1;
const OUTPUT = 2;
/** Parameters of SET_PROTOCOL, and values of its state. */
const BOOT = 0;
const REPORT = 1;

/** A mouse as a machine sees it by Bluetooth. */
export const HIDP_MOUSE = { kind: 'relative', horizontalWheel: false } as const;

/** Descriptor of both, the keyboard's first. */
export function hidpReportDescriptor(): Uint8Array {
  const keyboard = keyboardDescriptor(HIDP_REPORT.keyboard).reportDescriptor;
  const mouse = mouseDescriptor(HIDP_MOUSE, HIDP_REPORT.mouse).reportDescriptor;
  return Uint8Array.from([...keyboard, ...mouse]);
}

/** A report as a packet of the interrupt channel. */
export function encodeHidpInput(from: keyof typeof HIDP_REPORT, report: Uint8Array): Uint8Array {
  return Uint8Array.from([(DATA << 4) | INPUT, HIDP_REPORT[from], ...report]);
}

/** What a machine says on the control channel, and what it is answered. */
export interface HidpControl {
  /** Undefined: nothing. */
  readonly answer?: Uint8Array;
  readonly leds?: KeyboardLeds;
  /** The machine forgets us, and we are to forget it. */
  readonly isUnplugged?: boolean;
  /** What GET_PROTOCOL says from now on. */
  readonly protocol?: 'boot' | 'report';
}

/** Reads a packet of the control channel; what is not supported is refused, as the profile has it. */
export function readHidpControl(packet: Uint8Array, protocol: 'boot' | 'report'): HidpControl {
  const [head = 0] = packet;
  const parameter = head & 0xf;
  const answer = (...bytes: readonly number[]) => Uint8Array.from(bytes);
  switch (head >> 4) {
    case HID_CONTROL:
      return { isUnplugged: parameter === UNPLUG };
    case GET_PROTOCOL:
      return { answer: answer((DATA << 4) | OTHER, protocol === 'boot' ? BOOT : REPORT) };
    case SET_PROTOCOL:
      if (parameter > REPORT) break;
      return {
        answer: answer(HANDSHAKE_OK),
        protocol: parameter === BOOT ? 'boot' : 'report',
      };
    case SET_REPORT: {
      const leds = parameter === OUTPUT ? ledsOf(packet) : undefined;
      if (leds) return { answer: answer(HANDSHAKE_OK), leds };
      break;
    }
    case DATA: {
      const leds = parameter === OUTPUT ? ledsOf(packet) : undefined;
      return leds ? { leds } : {};
    }
    // A handshake answers nothing of ours.
    case 0:
      return {};
  }
  return { answer: answer(HANDSHAKE_UNSUPPORTED) };
}

/** The lights that a packet of the interrupt channel sets; undefined for any other packet. */
export function readHidpOutput(packet: Uint8Array): KeyboardLeds | undefined {
  return packet[0] === ((DATA << 4) | OUTPUT) ? ledsOf(packet) : undefined;
}

function ledsOf([, report, lights]: Uint8Array): KeyboardLeds | undefined {
  if (report !== HIDP_REPORT.keyboard || lights === undefined) return undefined;
  return decodeKeyboardLeds(lights);
}
