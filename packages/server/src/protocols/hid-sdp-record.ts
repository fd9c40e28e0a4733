import { HIDP_PSM } from './hidp.ts';

/**
 * What a Bluetooth device tells of its HID service, as the XML that BlueZ takes (HID Profile 1.1, 5.3;
 * numbers of attributes, protocols and classes are Bluetooth's assigned ones).
 */
export interface HidSdpRecord {
  /** Names that a machine shows. */
  readonly product: string;
  readonly description: string;
  readonly manufacturer: string;
  readonly reportDescriptor: Uint8Array;
}

/** Service class of the profile. */
export const HID_SERVICE_UUID = '00001124-0000-1000-8000-00805f9b34fb';

const HID_SERVICE = 0x1124;
const L2CAP = 0x0100;
const HIDP = 0x0011;
const PUBLIC_BROWSE_GROUP = 0x1002;
/** Keyboard and pointer in one (the minor class of device). */
const COMBO_SUBCLASS = 0xc0;
const REPORT_DESCRIPTOR = 0x22;
const US_ENGLISH = 0x0409;

/** The record as XML. */
export function hidSdpRecord(record: HidSdpRecord): string {
  const descriptor = `<text encoding="hex" value="${hex(record.reportDescriptor)}" />`;
  const attributes: readonly (readonly [id: number, value: string])[] = [
    [0x0001, sequence(uuid(HID_SERVICE))],
    [0x0004, channel(HIDP_PSM.control)],
    [0x0005, sequence(uuid(PUBLIC_BROWSE_GROUP))],
    // English in UTF-8, by the names from 0x0100 on.
    [0x0006, sequence(uint16(0x656e), uint16(0x006a), uint16(0x0100))],
    [0x0009, sequence(sequence(uuid(HID_SERVICE), uint16(0x0100)))],
    [0x000d, sequence(channel(HIDP_PSM.interrupt))],
    [0x0100, text(record.product)],
    [0x0101, text(record.description)],
    [0x0102, text(record.manufacturer)],
    ...([
      // Release and version of the parser.
      [0x0200, uint16(0x0100)],
      [0x0201, uint16(0x0111)],
      [0x0202, uint8(COMBO_SUBCLASS)],
      // No country.
      [0x0203, uint8(0)],
      // No virtual cable, and no connections that begin here.
      [0x0204, bool(false)],
      [0x0205, bool(false)],
      [0x0206, sequence(sequence(uint8(REPORT_DESCRIPTOR), descriptor))],
      [0x0207, sequence(sequence(uint16(US_ENGLISH), uint16(0x0100)))],
      [0x020b, uint16(0x0100)],
      // Longest silence before the link counts as lost, 2 s in slots of 0.625 ms.
      [0x020c, uint16(0x0c80)],
      // Neither "normally connectable" nor a boot device.
      [0x020d, bool(false)],
      [0x020e, bool(false)],
      // Latency and timeout for sniffing, 1 s and 0.5 s in slots.
      [0x020f, uint16(0x0640)],
      [0x0210, uint16(0x0320)],
    ] as const),
  ];
  const lines = attributes.map(
    ([id, value]) => `<attribute id="${hex16(id)}">${value}</attribute>`,
  );
  return ['<?xml version="1.0" encoding="UTF-8" ?>', '<record>', ...lines, '</record>'].join('\n');
}

/** HIDP over L2CAP at this PSM. */
function channel(psm: number): string {
  return sequence(sequence(uuid(L2CAP), uint16(psm)), sequence(uuid(HIDP)));
}

function sequence(...values: readonly string[]): string {
  return `<sequence>${values.join('')}</sequence>`;
}

function uuid(value: number): string {
  return `<uuid value="${hex16(value)}" />`;
}

function uint8(value: number): string {
  return `<uint8 value="0x${value.toString(16).padStart(2, '0')}" />`;
}

function uint16(value: number): string {
  return `<uint16 value="${hex16(value)}" />`;
}

function bool(value: boolean): string {
  return `<boolean value="${value}" />`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** XML has no control characters, and a name needs none. */
function text(value: string): string {
  const plain = value.replace(/\p{Cc}|\p{Cs}/gu, ' ');
  return `<text value="${plain.replace(/[&<>"]/g, (one) => ENTITIES[one] ?? '')}" />`;
}

function hex16(value: number): string {
  return `0x${value.toString(16).padStart(4, '0')}`;
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
