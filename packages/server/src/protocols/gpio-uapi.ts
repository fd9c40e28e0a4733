/**
 * The GPIO character device, version 2 (linux/gpio.h): bytes of the structures that its ioctls take.
 * Integers are little endian, as on every machine that Node runs on.
 */

/** ioctl numbers: _IOWR(0xB4, nr, size). */
export const GPIO_IOCTL = {
  /** GPIO_GET_CHIPINFO_IOCTL on a chip, which only reads: _IOR. */
  chipInfo: 0x8044_b401,
  /** GPIO_V2_GET_LINEINFO_IOCTL on a chip. */
  lineInfo: 0xc100_b405,
  /** GPIO_V2_GET_LINE_IOCTL on a chip. */
  requestLines: 0xc250_b407,
  /** GPIO_V2_LINE_GET_VALUES_IOCTL on requested lines. */
  getValues: 0xc010_b40e,
  /** GPIO_V2_LINE_SET_VALUES_IOCTL on requested lines. */
  setValues: 0xc010_b40f,
} as const;

/** enum gpio_v2_line_flag. */
export const GPIO_FLAG = {
  used: 1n,
  input: 4n,
  output: 8n,
  edgeRising: 16n,
  edgeFalling: 32n,
  biasPullDown: 512n,
} as const;

/** GPIO_V2_LINES_MAX: lines of one request. */
export const GPIO_MAX_LINES = 64;
/** GPIO_MAX_NAME_SIZE, with the closing 0. */
const NAME_BYTES = 32;
/** GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES. */
const ATTR_OUTPUT_VALUES = 2;

const REQUEST = { consumer: 256, config: 288, lines: 560, fd: 588, bytes: 592 } as const;
const CONFIG = { flags: 0, attrs: 8, attr: 32 } as const;
const CHIP = { label: 32, lines: 64, bytes: 68 } as const;
const INFO = { name: 0, consumer: 32, offset: 64, flags: 72, bytes: 256 } as const;
const VALUES_BYTES = 16;
/** sizeof(struct gpio_v2_line_event). */
export const GPIO_EVENT_BYTES = 48;
const EVENT = { id: 8, offset: 12 } as const;
/** GPIO_V2_LINE_EVENT_RISING_EDGE; the other one is falling. */
const RISING = 1;

/** Lines that are asked for. */
export interface LineRequest {
  /** Line numbers of the chip, at most 64. */
  readonly offsets: readonly number[];
  /** Who has them, as `gpioinfo` shows it. */
  readonly consumer: string;
  /** Levels of outputs in the order of `offsets`; undefined: inputs. */
  readonly outputs?: readonly boolean[];
  /** Whether inputs tell both edges. */
  readonly edges?: boolean | undefined;
  /** Whether inputs are pulled low; else they are as they were. */
  readonly pullsDown?: boolean | undefined;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function bitsOf(levels: readonly boolean[]): bigint {
  return levels.reduce((bits, level, index) => (level ? bits | (1n << BigInt(index)) : bits), 0n);
}

function textAt(bytes: Uint8Array, at: number): string {
  const field = bytes.subarray(at, at + NAME_BYTES);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

/**
 * struct gpio_v2_line_request. The kernel writes the descriptor of the lines into its last field.
 *
 *     offsets: u32[64] | consumer: char[32] | config | num_lines event_buffer_size: u32 | pad*20 | fd: i32
 *     config = flags: u64 | num_attrs: u32 | pad*20 | { id: u32 | pad*4 | value: u64 | mask: u64 }[10]
 */
export function encodeLineRequest(request: LineRequest): Uint8Array {
  const { offsets, consumer, outputs, edges, pullsDown } = request;
  if (offsets.length === 0 || offsets.length > GPIO_MAX_LINES) {
    throw new RangeError(`A request is for 1 to ${GPIO_MAX_LINES} lines`);
  }
  const bytes = new Uint8Array(REQUEST.bytes);
  const view = viewOf(bytes);
  for (const [index, offset] of offsets.entries()) view.setUint32(index * 4, offset, true);
  new TextEncoder().encodeInto(consumer, bytes.subarray(REQUEST.consumer, REQUEST.consumer + 31));
  const flags = outputs
    ? GPIO_FLAG.output
    : GPIO_FLAG.input |
      (edges ? GPIO_FLAG.edgeRising | GPIO_FLAG.edgeFalling : 0n) |
      (pullsDown ? GPIO_FLAG.biasPullDown : 0n);
  view.setBigUint64(REQUEST.config + CONFIG.flags, flags, true);
  if (outputs) {
    const attr = REQUEST.config + CONFIG.attr;
    view.setUint32(REQUEST.config + CONFIG.attrs, 1, true);
    view.setUint32(attr, ATTR_OUTPUT_VALUES, true);
    view.setBigUint64(attr + 8, bitsOf(outputs), true);
    view.setBigUint64(attr + 16, bitsOf(offsets.map(() => true)), true);
  }
  view.setUint32(REQUEST.lines, offsets.length, true);
  return bytes;
}

/** The descriptor that the kernel wrote into a request. */
export function requestedFd(request: Uint8Array): number {
  return viewOf(request).getInt32(REQUEST.fd, true);
}

/** struct gpio_v2_line_values: `bits: u64 | mask: u64`, a bit for each line of the request. */
export function encodeValues(values: ReadonlyMap<number, boolean>): Uint8Array {
  const bytes = new Uint8Array(VALUES_BYTES);
  let bits = 0n;
  let mask = 0n;
  for (const [index, level] of values) {
    mask |= 1n << BigInt(index);
    if (level) bits |= 1n << BigInt(index);
  }
  viewOf(bytes).setBigUint64(0, bits, true);
  viewOf(bytes).setBigUint64(8, mask, true);
  return bytes;
}

/** The levels of the first `count` lines of a request. */
export function decodeValues(bytes: Uint8Array, count: number): readonly boolean[] {
  const bits = viewOf(bytes).getBigUint64(0, true);
  return Array.from({ length: count }, (_, index) => ((bits >> BigInt(index)) & 1n) === 1n);
}

/** What the kernel says of a chip. */
export interface ChipInfo {
  readonly label: string;
  /** How many lines it has. */
  readonly lines: number;
}

/** Room for struct gpiochip_info. */
export function emptyChipInfo(): Uint8Array {
  return new Uint8Array(CHIP.bytes);
}

/** `name label: char[32] | lines: u32`. */
export function decodeChipInfo(bytes: Uint8Array): ChipInfo {
  return { label: textAt(bytes, CHIP.label), lines: viewOf(bytes).getUint32(CHIP.lines, true) };
}

/** What the kernel says of a line. */
export interface LineInfo {
  readonly name: string;
  /** Who has it; empty when nobody, or nobody with a name. */
  readonly consumer: string;
  readonly used: boolean;
}

/** struct gpio_v2_line_info that asks for one line. */
export function encodeLineInfo(offset: number): Uint8Array {
  const bytes = new Uint8Array(INFO.bytes);
  viewOf(bytes).setUint32(INFO.offset, offset, true);
  return bytes;
}

/** `name consumer: char[32] | offset num_attrs: u32 | flags: u64 | attrs | pad`. */
export function decodeLineInfo(bytes: Uint8Array): LineInfo {
  return {
    name: textAt(bytes, INFO.name),
    consumer: textAt(bytes, INFO.consumer),
    used: (viewOf(bytes).getBigUint64(INFO.flags, true) & GPIO_FLAG.used) !== 0n,
  };
}

/** One change of an input line. */
export interface LineEdge {
  readonly offset: number;
  readonly rising: boolean;
}

/** struct gpio_v2_line_event: `timestamp_ns: u64 | id offset seqno line_seqno: u32 | pad*24`, many. */
export function decodeEdges(bytes: Uint8Array): readonly LineEdge[] {
  const view = viewOf(bytes);
  const count = Math.floor(bytes.length / GPIO_EVENT_BYTES);
  return Array.from({ length: count }, (_, index) => {
    const at = index * GPIO_EVENT_BYTES;
    return {
      offset: view.getUint32(at + EVENT.offset, true),
      rising: view.getUint32(at + EVENT.id, true) === RISING,
    };
  });
}
