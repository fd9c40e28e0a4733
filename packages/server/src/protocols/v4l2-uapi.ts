/**
 * What Video4Linux is asked of a capture device beside its pictures (linux/videodev2.h): bytes of the
 * structures that its ioctls take. Integers are little endian, as on every machine that Node runs on.
 */

/** ioctl numbers that do not depend on the size of a pointer: _IOR and _IOWR('V', nr, size). */
export const V4L2_IOCTL = {
  /** VIDIOC_QUERYCAP. */
  capability: 0x8068_5600,
  /** VIDIOC_ENUM_FMT. */
  format: 0xc040_5602,
  /** VIDIOC_QUERY_DV_TIMINGS. */
  timings: 0x8084_5663,
} as const;

/** Numbers of what is done to an EDID; the structure has a pointer at its end. */
const EDID_NUMBER = { get: 40, set: 41 } as const;
const EDID = { startBlock: 4, blocks: 8, pointer: 32 } as const;
/** Blocks of 128 bytes; a chip that has fewer says how many. */
export const MAX_EDID_BLOCKS = 2;
const BLOCK_BYTES = 128;

/** VIDIOC_G_EDID and VIDIOC_S_EDID: _IOWR('V', 40 or 41, struct v4l2_edid). */
export function edidRequest(what: keyof typeof EDID_NUMBER, pointerBytes: 4 | 8): number {
  return 0xc000_5600 + ((EDID.pointer + pointerBytes) << 16) + EDID_NUMBER[what];
}

/**
 * struct v4l2_edid for the first pad of a device: `pad start_block blocks: u32 | reserved: u32[5] |
 * edid: pointer`. The pointer, at `EDID_POINTER_AT`, is the caller's to fill in.
 */
export function encodeEdidRequest(blocks: number, pointerBytes: 4 | 8): Uint8Array {
  const bytes = new Uint8Array(EDID.pointer + pointerBytes);
  new DataView(bytes.buffer).setUint32(EDID.blocks, blocks, true);
  return bytes;
}

/** Where the pointer of `struct v4l2_edid` is, bytes. */
export const EDID_POINTER_AT = EDID.pointer;

/** How many bytes the device has filled in, or could. */
export function edidBytes(request: Uint8Array): number {
  return viewOf(request).getUint32(EDID.blocks, true) * BLOCK_BYTES;
}

/** A signal that a device sees. */
export interface DvTimings {
  /** px, lines. */
  readonly width: number;
  readonly height: number;
  readonly interlaced: boolean;
  /** Frames per second; 0 when not known. */
  readonly hz: number;
}

/** sizeof(struct v4l2_dv_timings). */
export const DV_TIMINGS_BYTES = 132;
const BT = { width: 4, height: 8, interlaced: 12, clock: 20, porches: 28 } as const;

/**
 * struct v4l2_dv_timings, packed: `type: u32 | width height interlaced polarities: u32 |
 * pixelclock: u64 | hfront hsync hback vfront vsync vback il_vfront il_vsync il_vback: u32 | …`.
 */
export function decodeDvTimings(bytes: Uint8Array): DvTimings {
  const view = viewOf(bytes);
  const [width, height] = [view.getUint32(BT.width, true), view.getUint32(BT.height, true)];
  const interlaced = view.getUint32(BT.interlaced, true) !== 0;
  const clock = Number(view.getBigUint64(BT.clock, true));
  const porch = (index: number) => view.getUint32(BT.porches + index * 4, true);
  const sum = (from: number, to: number) => {
    let total = 0;
    for (let index = from; index < to; index += 1) total += porch(index);
    return total;
  };
  // Both fields of an interlaced picture have blanking; its rate is that of the fields.
  const pixels = (width + sum(0, 3)) * (height + sum(3, interlaced ? 9 : 6));
  const hz = pixels === 0 ? 0 : ((interlaced ? 2 : 1) * clock) / pixels;
  return { width, height, interlaced, hz: Math.round(hz * 100) / 100 };
}

/** What a node of Video4Linux says of itself. */
export interface V4l2Capability {
  readonly driver: string;
  readonly card: string;
  readonly bus: string;
  /** Whether this node gives pictures that can be streamed. */
  readonly captures: boolean;
}

/** sizeof(struct v4l2_capability). */
export const CAPABILITY_BYTES = 104;
const CAPABILITY = { driver: 0, card: 16, bus: 48, all: 84, node: 88 } as const;
const CAP = {
  capture: 0x0000_0001,
  captureMultiplane: 0x0000_1000,
  streaming: 0x0400_0000,
  perNode: 0x8000_0000,
};

/** struct v4l2_capability: `driver: char[16] | card bus_info: char[32] | version capabilities device_caps: u32`. */
export function decodeCapability(bytes: Uint8Array): V4l2Capability {
  const view = viewOf(bytes);
  const all = view.getUint32(CAPABILITY.all, true);
  const flags = (all & CAP.perNode) === 0 ? all : view.getUint32(CAPABILITY.node, true);
  const pictures = flags & (CAP.capture | CAP.captureMultiplane);
  return {
    driver: textAt(bytes, CAPABILITY.driver, 16),
    card: textAt(bytes, CAPABILITY.card, 32),
    bus: textAt(bytes, CAPABILITY.bus, 32),
    captures: pictures !== 0 && (flags & CAP.streaming) !== 0,
  };
}

/** sizeof(struct v4l2_fmtdesc). */
const FORMAT_BYTES = 64;
/** V4L2_BUF_TYPE_VIDEO_CAPTURE. */
const CAPTURE = 1;

/** struct v4l2_fmtdesc that asks for one format: `index type flags: u32 | description: char[32] | pixelformat: u32 | …`. */
export function encodeFormatRequest(index: number): Uint8Array {
  const bytes = new Uint8Array(FORMAT_BYTES);
  const view = viewOf(bytes);
  view.setUint32(0, index, true);
  view.setUint32(4, CAPTURE, true);
  return bytes;
}

/** Its four characters, e.g. `MJPG`. */
export function formatCode(bytes: Uint8Array): string {
  return textAt(bytes, 44, 4).trimEnd();
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function textAt(bytes: Uint8Array, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}
