/**
 * The state that a unit tells (DEVICES.md 8.3), 64 bytes, little-endian:
 *
 *      0 u16 firmware: bit 15 development build, 14..0 version
 *      2 u16 hardware version
 *      4 u16 flags       6 u8 active channel    7 u8 beacons
 *      8 6×u16 CRC of the colours of each light
 *     20 u8 video 5 V   21 u8 video HPD        22 u8 EDID valid
 *     23 4×u16 CRC of the EDID of each channel
 *     31 u8 USB 5 V     33 u8 ATX busy         34 u8 quirks    35 u8 dummy displays
 */
const STATE_BYTES = 64;
const FLAG = { changing: 0x80, flashing: 0x40, downlink: 0x02 } as const;

/** Ports of a unit. */
export const CHANNELS = 4;
/** The channel, and the beacon, of the next unit. */
export const DOWNLINK = 4;
/** The beacon of the side to the host. */
export const UPLINK_BEACON = 5;
/** Lights of a unit: four ports, downlink, uplink. */
export const LIGHTS = 6;

/** What a unit is and does. Lists by channel, light or beacon. */
export interface UnitState {
  readonly firmware: { readonly version: number; readonly devbuild: boolean };
  /** It cannot be changed now. */
  readonly busy: boolean;
  readonly hasDownlink: boolean;
  /** 0..3, or 4 for the downlink. */
  readonly channel: number;
  /** Ports 0..3, downlink, uplink. */
  readonly beacons: readonly boolean[];
  readonly colorCrcs: readonly number[];
  /** Machines whose video output is powered. */
  readonly videoLinks: readonly boolean[];
  readonly edids: readonly { readonly valid: boolean; readonly crc: number }[];
  readonly usbLinks: readonly boolean[];
  readonly atxBusy: readonly boolean[];
  readonly ignoresHpd: boolean;
  readonly dummies: readonly boolean[];
}

/** The state in the body of a message; undefined when it is too short or names no channel. */
export function parseUnitState(body: Uint8Array): UnitState | undefined {
  if (body.length < STATE_BYTES) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const u16 = (at: number) => view.getUint16(at, true);
  const u16s = (at: number, count: number) =>
    Array.from({ length: count }, (_, index) => u16(at + 2 * index));
  const bits = (at: number, count: number = CHANNELS) =>
    Array.from({ length: count }, (_, bit) => ((body[at] ?? 0) & (1 << bit)) !== 0);
  const channel = body[6] ?? 0;
  if (channel > DOWNLINK) return undefined;
  const flags = u16(4);
  const valid = bits(22);
  return {
    firmware: { version: u16(0) & 0x7fff, devbuild: (u16(0) & 0x8000) !== 0 },
    busy: (flags & (FLAG.changing | FLAG.flashing)) !== 0,
    hasDownlink: (flags & FLAG.downlink) !== 0,
    channel,
    beacons: bits(7, LIGHTS),
    colorCrcs: u16s(8, LIGHTS),
    videoLinks: bits(20),
    edids: u16s(23, CHANNELS).map((crc, index) => ({ valid: valid[index] ?? false, crc })),
    usbLinks: bits(31),
    atxBusy: bits(33),
    ignoresHpd: bits(34, 1)[0] ?? false,
    dummies: bits(35),
  };
}
