import { EDID_TAG, hasEdidHeader, textDescriptors } from './edid.ts';
import { CEA_FLAG, CEA_TAG, type CeaBlock, encodeCea, parseCea, withSum } from './edid-cea.ts';
import { EdidError } from './edid-error.ts';
import { encodeTiming, TIMINGS, type TimingName } from './edid-timing.ts';

const BLOCK_BYTES = 128;
const EXTENSIONS_AT = 126;
const PREFERRED_AT = 54;
const TEXT_BYTES = 13;
/** Two channels of PCM at all rates and depths; front left and right. */
const PCM: CeaBlock = { tag: CEA_TAG.audio, data: Uint8Array.of(0x09, 0x7f, 0x07) };
const SPEAKERS: CeaBlock = { tag: CEA_TAG.speakers, data: Uint8Array.of(0x01, 0x00, 0x00) };

/** What is to be another; a key that is left out stays. */
export interface EdidChanges {
  /** Three letters A to Z. */
  readonly maker?: string;
  /** 0..0xFFFF. */
  readonly product?: number;
  /** 0..0xFFFFFFFF. */
  readonly serial?: number;
  /** 1 to 13 printable ASCII characters each. */
  readonly monitorName?: string;
  readonly monitorSerial?: string;
  /** Whether the display takes sound. */
  readonly audio?: boolean;
  /** The mode that sources are to choose. */
  readonly timing?: TimingName;
}

/**
 * An EDID with changes and right sums. Throws EdidError for one that is no EDID, has another extension
 * than CEA-861, or no place for what is asked.
 */
export function editEdid(edid: Uint8Array, changes: EdidChanges): Uint8Array {
  const [base, extension] = blocksOf(edid);
  const view = new DataView(base.buffer);
  const { maker, product, serial, monitorName, monitorSerial, audio, timing } = changes;
  if (maker !== undefined) view.setUint16(8, makerCode(maker));
  if (product !== undefined) view.setUint16(10, within('product', product, 0xffff), true);
  if (serial !== undefined) view.setUint32(12, within('serial', serial, 0xffff_ffff), true);
  if (monitorName !== undefined) setText(base, 'name', monitorName);
  if (monitorSerial !== undefined) setText(base, 'serial', monitorSerial);
  if (timing !== undefined) base.set(encodeTiming(TIMINGS[timing]), PREFERRED_AT);
  if (audio !== undefined && !extension) {
    throw new EdidError('An EDID of 128 bytes says nothing of sound: begin with a preset');
  }
  const sized = extension && (audio === undefined ? extension : withAudio(extension, audio));
  return Uint8Array.of(...withSum(base), ...(sized ? withSum(sized) : []));
}

function blocksOf(edid: Uint8Array): readonly [Uint8Array, Uint8Array | undefined] {
  const base = edid.slice(0, BLOCK_BYTES);
  if (!hasEdidHeader(base)) throw new EdidError('These bytes are no EDID: the header is missing');
  const count = base[EXTENSIONS_AT] ?? 0;
  if (count > 1 || edid.length !== BLOCK_BYTES * (1 + count)) {
    throw new EdidError(`An EDID of ${edid.length} bytes cannot have ${count} extensions here`);
  }
  if (count === 0) return [base, undefined];
  const extension = edid.slice(BLOCK_BYTES);
  parseCea(extension);
  return [base, extension];
}

function makerCode(maker: string): number {
  if (!/^[A-Z]{3}$/.test(maker)) throw new EdidError('The maker must be three letters A to Z');
  return [...maker].reduce((code, letter) => (code << 5) | (letter.charCodeAt(0) - 0x40), 0);
}

function within(what: string, value: number, max: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new EdidError(`The ${what} must be a whole number from 0 to ${max}`);
}

function setText(base: Uint8Array, which: keyof typeof EDID_TAG, text: string): void {
  if (!/^[\x20-\x7e]{1,13}$/.test(text)) {
    throw new EdidError(`The monitor's ${which} must be 1 to 13 printable ASCII characters`);
  }
  const at = textDescriptors(base).get(EDID_TAG[which]);
  if (at === undefined) throw new EdidError(`This EDID has no place for a monitor's ${which}`);
  // A line feed ends a text that is shorter, blanks fill it up.
  const padded = text.length < TEXT_BYTES ? `${text}\n`.padEnd(TEXT_BYTES) : text;
  base.set(new TextEncoder().encode(padded), at);
}

function withAudio(bytes: Uint8Array, audio: boolean): Uint8Array {
  const cea = parseCea(bytes);
  const isSound = ({ tag }: CeaBlock) => tag === CEA_TAG.audio || tag === CEA_TAG.speakers;
  const others = cea.blocks.filter((block) => !isSound(block));
  const flags = audio ? cea.flags | CEA_FLAG.basicAudio : cea.flags & ~CEA_FLAG.basicAudio;
  return encodeCea({ ...cea, flags, blocks: audio ? [...others, PCM, SPEAKERS] : others });
}
