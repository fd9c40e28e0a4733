/**
 * The parts of an EDID (VESA E-EDID 1.4, CEA-861) that tell which display it is:
 *
 *      0 8 bytes header        8 u16be maker, three letters of 5 bits
 *     10 u16le product        12 u32le serial
 *     54 four descriptors of 18 bytes: 00 00 00 tag 00, then 13 characters up to a line feed
 *    128 extension: 02 revision, where the timings begin, flags; then data blocks
 */
const HEADER = [0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00];
const BLOCK_BYTES = 128;
const DESCRIPTORS = [54, 72, 90, 108];
const TEXT_BYTES = 13;
/** Tags of descriptors that are texts. */
export const EDID_TAG = { name: 0xfc, serial: 0xff } as const;
const CEA_EXTENSION = 0x02;
const BASIC_AUDIO = 0x40;

/** What an EDID says of its display. */
export interface EdidInfo {
  /** Three letters; other signs where the EDID is none. */
  readonly maker: string;
  readonly product: number;
  readonly serial: number;
  readonly monitorName: string | undefined;
  readonly monitorSerial: string | undefined;
  /** Whether it takes sound. */
  readonly audio: boolean;
}

/** Whether the bytes begin as an EDID does. */
export function hasEdidHeader(edid: Uint8Array): boolean {
  return edid.length >= BLOCK_BYTES && HEADER.every((byte, at) => edid[at] === byte);
}

/** What an EDID says, also one with wrong header or sums; undefined when it is too short. */
export function parseEdid(edid: Uint8Array): EdidInfo | undefined {
  if (edid.length < BLOCK_BYTES) return undefined;
  const view = new DataView(edid.buffer, edid.byteOffset, edid.byteLength);
  const maker = view.getUint16(8);
  const letters = [maker >> 10, maker >> 5, maker].map((code) => 0x40 + (code & 0x1f));
  return {
    maker: String.fromCharCode(...letters),
    product: view.getUint16(10, true),
    serial: view.getUint32(12, true),
    monitorName: textOf(edid, EDID_TAG.name),
    monitorSerial: textOf(edid, EDID_TAG.serial),
    audio: hasAudio(edid.subarray(BLOCK_BYTES)),
  };
}

function textOf(edid: Uint8Array, tag: number): string | undefined {
  const at = textDescriptors(edid).get(tag);
  if (at === undefined) return undefined;
  const text = String.fromCharCode(...edid.subarray(at, at + TEXT_BYTES));
  return (text.split('\n', 1)[0] ?? '').trim();
}

/** Where the 13 characters of descriptors are that are none of a timing, by their tag. */
export function textDescriptors(edid: Uint8Array): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const at of DESCRIPTORS) {
    const [zero, alsoZero, third, tag] = edid.subarray(at, at + 4);
    const isOther = zero === 0 && alsoZero === 0 && third === 0 && tag !== undefined;
    if (isOther && !found.has(tag)) found.set(tag, at + 5);
  }
  return found;
}

function hasAudio(extension: Uint8Array): boolean {
  const flags = extension[3] ?? 0;
  return extension[0] === CEA_EXTENSION && (flags & BASIC_AUDIO) !== 0;
}
