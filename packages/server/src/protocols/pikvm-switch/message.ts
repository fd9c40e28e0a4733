import { parseUnitState, type UnitState } from './unit-state.ts';

/**
 * Messages of the PiKVM Switch, requests and replies alike, little-endian (DEVICES.md 8.1, 8.2):
 *
 *     proto u8 = 1 | rid u16 | op u8 | unit u8 | body
 *
 * Unit 0 is the one on the line; a reply has the rid of its request, an unsolicited one any.
 */
const PROTO = 1;
const HEADER_BYTES = 5;
/** Every unit of the chain. */
export const ALL_UNITS = 255;
/** Bytes that op 9 carries for an EDID. */
export const EDID_BYTES = 256;

const OP = {
  nak: 0,
  bootloader: 2,
  reboot: 3,
  state: 4,
  switch: 5,
  beacon: 6,
  atxLeds: 7,
  atxClick: 8,
  setEdid: 9,
  clearEdid: 10,
  setColors: 12,
  setQuirks: 13,
  setDummy: 14,
} as const;

/** What the Switch can be asked; `unit` and channels count from 0, channel 4 is the downlink. */
export type SwitchRequest = { readonly unit: number } & (
  | { readonly op: 'bootloader' | 'reboot' | 'state' | 'atxLeds' }
  | { readonly op: 'switch' | 'clearEdid'; readonly channel: number }
  /** Beacon 0..3 of a port, 4 of the downlink, 5 of the uplink. */
  | { readonly op: 'beacon'; readonly beacon: number; readonly on: boolean }
  | {
      readonly op: 'atxClick';
      readonly channel: number;
      readonly button: 'power' | 'reset';
      /** 1..65535 */
      readonly delayMs: number;
    }
  /** At most 256 bytes; what is missing is sent as zeros. */
  | { readonly op: 'setEdid'; readonly channel: number; readonly data: Uint8Array }
  /** Light 0..5; the colours of all roles as `packColors` has them. */
  | { readonly op: 'setColors'; readonly light: number; readonly colors: Uint8Array }
  | { readonly op: 'setQuirks'; readonly ignoreHpd: boolean }
  | { readonly op: 'setDummy'; readonly channel: number; readonly on: boolean }
);

/** What the Switch says. */
export type SwitchReply = {
  readonly rid: number;
  readonly unit: number;
} /** Why: 0 invalid, 1 busy, 2 no downlink, 3 downlink overflow. */ & (
  | { readonly op: 'nak'; readonly reason: number }
  | { readonly op: 'state'; readonly state: UnitState }
  /** Lights of the machines on channels 0..3. */
  | { readonly op: 'atxLeds'; readonly power: readonly boolean[]; readonly hdd: readonly boolean[] }
);

/** The payload of a request with a rid of 1..65535. */
export function encodeRequest(rid: number, request: SwitchRequest): Uint8Array {
  const head = [PROTO, rid & 0xff, rid >> 8, OP[request.op], request.unit];
  return Uint8Array.from([...head, ...bodyOf(request)]);
}

function bodyOf(request: SwitchRequest): Iterable<number> {
  switch (request.op) {
    case 'bootloader':
    case 'reboot':
    case 'state':
    case 'atxLeds':
      return [];
    case 'switch':
    case 'clearEdid':
      return [request.channel];
    case 'beacon':
      return [request.beacon, Number(request.on)];
    case 'atxClick': {
      const { channel, button, delayMs } = request;
      return [channel, button === 'power' ? 0 : 1, delayMs & 0xff, delayMs >> 8];
    }
    case 'setEdid':
      return [request.channel, ...padEdid(request.data)];
    case 'setColors':
      return [request.light, ...request.colors];
    case 'setQuirks':
      return [Number(request.ignoreHpd)];
    case 'setDummy':
      return [request.channel, Number(request.on)];
  }
}

/** An EDID as the Switch keeps it: 256 bytes, zeros at the end; more is cut off. */
export function padEdid(data: Uint8Array): Uint8Array {
  const padded = new Uint8Array(EDID_BYTES);
  padded.set(data.subarray(0, EDID_BYTES));
  return padded;
}

/** What a payload says; undefined for all that this version does not know. */
export function decodeReply(payload: Uint8Array): SwitchReply | undefined {
  const [proto, ridLow = 0, ridHigh = 0, op, unit] = payload;
  if (proto !== PROTO || unit === undefined) return undefined;
  const body = payload.subarray(HEADER_BYTES);
  const head = { rid: ridLow | (ridHigh << 8), unit };
  const [first] = body;
  switch (op) {
    case OP.nak:
      return first === undefined ? undefined : { ...head, op: 'nak', reason: first };
    case OP.state: {
      const state = parseUnitState(body);
      return state && { ...head, op: 'state', state };
    }
    case OP.atxLeds: {
      if (first === undefined) return undefined;
      const lights = (shift: number) =>
        [0, 1, 2, 3].map((bit) => (first >> (shift + bit)) % 2 === 1);
      return { ...head, op: 'atxLeds', power: lights(0), hdd: lights(4) };
    }
    default:
      return undefined;
  }
}
