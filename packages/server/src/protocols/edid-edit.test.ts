import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RECORDED_EDID } from '../../test/support/golden-switch.ts';
import { parseEdid } from './edid.ts';
import { CEA_TAG, encodeCea, parseCea } from './edid-cea.ts';
import { type EdidChanges, editEdid } from './edid-edit.ts';
import { EdidError } from './edid-error.ts';
import { EDID_PRESETS, presetEdid } from './edid-preset.ts';
import { edidText, readEdidFile } from './edid-text.ts';
import { decodeTiming, encodeTiming, refreshHz, TIMINGS, type TimingName } from './edid-timing.ts';

const recorded = () => Uint8Array.from(Buffer.from(RECORDED_EDID, 'hex'));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const sums = (edid: Uint8Array) =>
  [0, 128].map((at) => edid.subarray(at, at + 128).reduce((sum, byte) => sum + byte, 0) % 256);

describe('detailed timings', () => {
  /** As monitors of these sizes send them, without the size in mm. */
  const MONITORS = {
    '1920x1080@60': '023a801871382d40582c450000000000001e',
    '1280x720@60': '011d007251d01e206e28550000000000001e',
    '1920x1080@50': '023a80d072382d40102c458000000000001e',
    '1920x1200@60': '283c80a070b023403020360000000000001a',
    '1280x1024@60': '302a009851002a403070130000000000001e',
    '1600x1200@60': '483f403062b0324040c0130000000000001e',
    '1680x1050@60': '7c2e90a0601a1e403020360000000000001a',
    '1024x768@60': '641900404100263018883600000000000018',
  } as const satisfies Partial<Record<TimingName, string>>;

  it.each(Object.entries(MONITORS))('%s has the bytes of real monitors', (name, bytes) => {
    const timing = TIMINGS[name as TimingName];
    expect(hex(encodeTiming(timing))).toBe(bytes);
  });

  it('read back what was written, at the rate that their name tells', () => {
    for (const [name, timing] of Object.entries(TIMINGS)) {
      expect(decodeTiming(encodeTiming(timing))).toEqual(timing);
      expect(`${timing.width}x${timing.height}@${Math.round(refreshHz(timing))}`).toBe(name);
    }
  });

  it('are none in a text, or in half a descriptor', () => {
    expect(decodeTiming(new Uint8Array(18))).toBeUndefined();
    expect(decodeTiming(encodeTiming(TIMINGS['1920x1080@60']).subarray(0, 17))).toBeUndefined();
  });
});

describe('changes', () => {
  it('change what they name, and nothing else', () => {
    const before = recorded();
    const after = editEdid(before, {
      ...{ maker: 'ABC', product: 0x1234, serial: 0xfedc_ba98 },
      ...{ monitorName: 'Rack 7', monitorSerial: '0123456789abc' },
    });
    expect(parseEdid(after)).toEqual({
      ...{ maker: 'ABC', product: 0x1234, serial: 0xfedc_ba98, audio: false },
      ...{ monitorName: 'Rack 7', monitorSerial: '0123456789abc' },
    });
    expect(sums(after)).toEqual([0, 0]);
    const others = [...after.keys()].filter((at) => after[at] !== before[at]);
    const named = others.filter((at) => (at >= 8 && at < 16) || (at >= 54 && at < 126));
    expect(others.filter((at) => !named.includes(at))).toEqual([127]);
  });

  it('none only make the sums right', () => {
    const wrong = recorded();
    wrong[127] = 1;
    wrong[255] = 1;
    expect(sums(editEdid(wrong, {}))).toEqual([0, 0]);
    expect(editEdid(wrong, {}).subarray(0, 127)).toEqual(wrong.subarray(0, 127));
  });

  it('switch sound on and off, with all that belongs to it', () => {
    const on = editEdid(recorded(), { audio: true });
    expect(parseEdid(on)?.audio).toBe(true);
    const { blocks } = parseCea(on.subarray(128));
    const sound = blocks.filter(({ tag }) => tag === CEA_TAG.audio || tag === CEA_TAG.speakers);
    expect(sound.map(({ data }) => hex(data))).toEqual(['097f07', '010000']);
    const off = editEdid(on, { audio: false });
    expect(parseEdid(off)?.audio).toBe(false);
    expect(off).toEqual(editEdid(recorded(), { audio: false }));
    expect(editEdid(on, { audio: true })).toEqual(on);
  });

  it('choose the mode that sources prefer', () => {
    const after = editEdid(recorded(), { timing: '1280x1024@60' });
    expect(decodeTiming(after.subarray(54, 72))).toEqual(TIMINGS['1280x1024@60']);
    expect(sums(after)).toEqual([0, 0]);
  });

  it.each<[string, EdidChanges]>([
    ['three letters', { maker: 'abC' }],
    ['0 to 65535', { product: 65_536 }],
    ['0 to 4294967295', { serial: -1 }],
    ['13 printable', { monitorName: 'fourteen chars' }],
    ['13 printable', { monitorSerial: 'ä' }],
  ])('that make no sense are refused: %s', (why, changes) => {
    expect(() => editEdid(recorded(), changes)).toThrow(why);
  });

  it('are refused where there is no place for them', () => {
    const short = editEdid(recorded(), {}).slice(0, 128);
    short[126] = 0;
    expect(parseEdid(editEdid(short, { maker: 'ABC' }))?.maker).toBe('ABC');
    expect(() => editEdid(short, { audio: true })).toThrow('begin with a preset');
    short.fill(0, 54, 126);
    expect(() => editEdid(short, { monitorName: 'x' })).toThrow('no place for a monitor');
  });

  it('of any bytes give an EDID or an EdidError', () => {
    const change = fc.record(
      { audio: fc.boolean(), monitorName: fc.string() },
      { requiredKeys: [] },
    );
    const edits = fc.tuple(fc.nat(255), fc.nat(255));
    fc.assert(
      fc.property(fc.array(edits, { maxLength: 8 }), change, (pokes, changes) => {
        const bytes = recorded();
        for (const [at, value] of pokes) bytes[at] = value;
        try {
          expect(sums(editEdid(bytes, changes))).toEqual([0, 0]);
        } catch (error) {
          if (!(error instanceof EdidError)) throw error;
        }
      }),
    );
  });
});

describe('the extension of CEA-861', () => {
  it('reads back what was written', () => {
    const block = fc.record({ tag: fc.nat(7), data: fc.uint8Array({ maxLength: 20 }) });
    fc.assert(
      fc.property(fc.array(block, { maxLength: 4 }), (blocks) => {
        const timings = [encodeTiming(TIMINGS['1280x720@60'])];
        const extension = { revision: 3, flags: 0x41, blocks, timings };
        expect(parseCea(encodeCea(extension))).toEqual(extension);
      }),
    );
  });

  it('says where it contradicts itself', () => {
    const bytes = recorded().slice(128);
    bytes[4] = 0xff;
    expect(() => parseCea(bytes)).toThrow('The data block at byte 4');
    bytes[2] = 3;
    expect(() => parseCea(bytes)).toThrow('cannot begin at byte 3');
    bytes[0] = 0x70;
    expect(() => parseCea(bytes)).toThrow('none of CEA-861');
  });
});

describe('presets', () => {
  it.each(EDID_PRESETS)('%s has 256 bytes, right sums and sound', (name) => {
    const edid = presetEdid(name);
    expect([edid.length, ...sums(edid)]).toEqual([256, 0, 0]);
    expect(parseEdid(edid)).toMatchObject({ maker: 'LNX', audio: true, monitorSerial: 'CAFEBABE' });
  });

  it('have the identities and modes of PiKVM', () => {
    const tell = (name: (typeof EDID_PRESETS)[number]) => {
      const edid = presetEdid(name);
      const { width, height } = decodeTiming(edid.subarray(54)) ?? { width: 0, height: 0 };
      const { product, monitorName } = parseEdid(edid) ?? {};
      return [product, monitorName, `${width}x${height}`];
    };
    expect(tell('v2')).toEqual([0x7770, 'PiKVM', '1280x720']);
    expect(tell('v3')).toEqual([0x7771, 'PiKVM V3', '1280x720']);
    expect(tell('v3.1080p-by-default')).toEqual([0x7771, 'PiKVM V3', '1920x1080']);
    expect(tell('v4mini')).toEqual([0x7772, 'PiKVM V4 Mini', '1920x1080']);
    expect(tell('v4plus.no-1920x1200')).toEqual([0x7773, 'PiKVM V4 Plus', '1920x1080']);
  });
});

it('files are the bytes themselves or their text', () => {
  const edid = recorded();
  expect(readEdidFile(edid)).toEqual(edid);
  const text = edidText(edid);
  expect(text.split('\n').map((line) => line.length)).toEqual([...new Array(16).fill(32), 0]);
  expect(text).toBe(text.toUpperCase());
  expect(readEdidFile(new TextEncoder().encode(text.replaceAll(/(..)/g, '$1 ')))).toEqual(edid);
  expect(() => readEdidFile(new TextEncoder().encode(`${text}0`))).toThrow(EdidError);
});
