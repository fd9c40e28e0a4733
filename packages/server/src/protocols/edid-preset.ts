import { CEA_FLAG, CEA_TAG, encodeCea } from './edid-cea.ts';
import { editEdid } from './edid-edit.ts';
import { encodeTiming, TIMINGS, type TimingName } from './edid-timing.ts';

/** What a board says that it is, with PiKVM's identities. */
interface Preset {
  readonly product: number;
  readonly name: string;
  /** Lanes from the HDMI chip to the processor: two carry 1080p only up to 50 frames per second. */
  readonly lanes: 2 | 4;
  readonly preferred: TimingName;
  readonly others: readonly TimingName[];
}

const TWO = { lanes: 2, preferred: '1280x720@60', others: ['1920x1080@50'] } as const;
const FOUR = {
  lanes: 4,
  preferred: '1920x1080@60',
  others: ['1280x720@60', '1920x1080@50', '1920x1200@60'],
} as const;
const OLD = { product: 0x7770, name: 'PiKVM' };

const BOARDS = {
  v0: { ...OLD, ...TWO },
  v1: { ...OLD, ...TWO },
  v2: { ...OLD, ...TWO },
  v3: { product: 0x7771, name: 'PiKVM V3', ...TWO },
  v4mini: { product: 0x7772, name: 'PiKVM V4 Mini', ...FOUR },
  v4plus: { product: 0x7773, name: 'PiKVM V4 Plus', ...FOUR },
} as const satisfies Readonly<Record<string, Preset>>;

const FULL_HD = { preferred: '1920x1080@50', others: ['1280x720@60'] } as const;
const NARROW = { others: ['1280x720@60', '1920x1080@50'] } as const;

const PRESETS = {
  ...BOARDS,
  'v0.1080p-by-default': { ...BOARDS.v0, ...FULL_HD },
  'v1.1080p-by-default': { ...BOARDS.v1, ...FULL_HD },
  'v2.1080p-by-default': { ...BOARDS.v2, ...FULL_HD },
  'v3.1080p-by-default': { ...BOARDS.v3, ...FULL_HD },
  'v4mini.no-1920x1200': { ...BOARDS.v4mini, ...NARROW },
  'v4plus.no-1920x1200': { ...BOARDS.v4plus, ...NARROW },
} as const satisfies Readonly<Record<string, Preset>>;

/** The name of a preset, PiKVM's. */
export type EdidPresetName = keyof typeof PRESETS;

/** All of them. */
export const EDID_PRESETS = Object.keys(PRESETS) as readonly EdidPresetName[];

const MAKER = 'LNX';
/** The number, which is not told apart from others, and the text of the same purpose. */
const SERIAL = 0x0101_0101;
const TEXT_SERIAL = 'CAFEBABE';

/** Standard timings (1.3, 3.9): width / 8 - 31, then aspect (2 bits) and rate - 60; 01 01 is none. */
const STANDARD = {
  2: [0x81, 0xc0, 0x81, 0x80, 0x81, 0x00, 0x95, 0x00],
  4: [0x81, 0xc0, 0x81, 0x80, 0x95, 0x00, 0xa9, 0x40, 0xb3, 0x00, 0xd1, 0xc0],
} as const;
/** Modes of CEA-861 by number: 1080p, 720p, 576p, 480p, VGA. */
const CODES = {
  2: [4, 19, 31, 34, 33, 32, 18, 3, 2, 1],
  4: [16, 4, 19, 31, 34, 33, 32, 18, 3, 2, 1],
};
const MAX_CLOCK_10_MHZ = { 2: 15, 4: 17 } as const;
/** Chromaticity of sRGB (3.7). */
const SRGB = [0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54];
/** 640x480, 800x600 and 1024x768, 60 Hz each (3.8). */
const ESTABLISHED = [0x21, 0x08, 0x00];
/** HDMI Licensing, physical address 1.0.0.0, no deep colour, 165 MHz at most. */
const HDMI = [0x03, 0x0c, 0x00, 0x10, 0x00, 0x00, 0x21];

/** Pictures are never cut off at their edges; a source may tell the range of its colours. */
const CAPABILITIES = [0x00, 0x4a];

const EMPTY_TEXT = (tag: number) => [0, 0, 0, tag, 0, ...new Array<number>(13).fill(0x20)];

/** The EDID of a board: 256 bytes, takes sound. */
export function presetEdid(name: EdidPresetName): Uint8Array {
  const { product, name: monitorName, lanes, preferred, others }: Preset = PRESETS[name];
  const standard = [...STANDARD[lanes], ...new Array<number>(16).fill(0x01)].slice(0, 16);
  const base = [
    ...[0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00],
    // Maker, product and serial come below; week 0 of 2020; version 1.3.
    ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 30, 1, 3],
    // Digital; no size; gamma 2.2; RGB colour, sRGB, the first timing is the preferred one.
    ...[0x80, 0, 0, 120, 0x0e],
    ...[...SRGB, ...ESTABLISHED, ...standard],
    ...encodeTiming(TIMINGS[preferred]),
    ...EMPTY_TEXT(0xfc),
    ...EMPTY_TEXT(0xff),
    // Range limits: Hz down, kHz across, 10 MHz.
    ...[0, 0, 0, 0xfd, 0, 23, 76, 15, 95, MAX_CLOCK_10_MHZ[lanes], 0, 0x0a],
    ...[0x20, 0x20, 0x20, 0x20, 0x20, 0x20],
    ...[1, 0],
  ];
  const cea = encodeCea({
    ...{ revision: 3, flags: CEA_FLAG.underscan | CEA_FLAG.basicAudio | 1 },
    blocks: [
      { tag: CEA_TAG.video, data: Uint8Array.from(CODES[lanes]) },
      { tag: CEA_TAG.vendor, data: Uint8Array.from(HDMI) },
      { tag: CEA_TAG.extended, data: Uint8Array.from(CAPABILITIES) },
    ],
    timings: others.map((other) => encodeTiming(TIMINGS[other])),
  });
  const changes = {
    maker: MAKER,
    product,
    serial: SERIAL,
    monitorName,
    monitorSerial: TEXT_SERIAL,
  };
  return editEdid(Uint8Array.of(...base, ...cea), { ...changes, audio: true });
}
