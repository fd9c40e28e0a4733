import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extron } from './extron.ts';
import { ezcoo } from './ezcoo.ts';
import { pway } from './pway.ts';
import { type SwitchProtocol, SwitchReader } from './switch-protocol.ts';
import { tesmartGet, tesmartPort, tesmartSet } from './tesmart.ts';
import { xhHk4401 } from './xh-hk4401.ts';

const PROTOCOLS: readonly (readonly [string, SwitchProtocol])[] = [
  ['ezcoo 1', ezcoo(1)],
  ['ezcoo 2', ezcoo(2)],
  ['extron', extron()],
  ['pway', pway()],
  ['xh_hk4401 1', xhHk4401(1)],
  ['xh_hk4401 2', xhHk4401(2)],
];
const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('latin1');
const bytes = (latin1: string) => Buffer.from(latin1, 'latin1');
const read = (protocol: SwitchProtocol, ...chunks: string[]) => {
  const reader = new SwitchReader(protocol);
  return chunks.flatMap((chunk) => reader.push(bytes(chunk))).map(({ channel }) => channel);
};

it.each([
  [ezcoo(1), 'GET OUT1 VS\nGET OUT1 VS\n', 'SET OUT1 VS IN3\nSET OUT1 VS IN3\n'],
  [ezcoo(2), 'EZG OUT1 VS\nEZG OUT1 VS\n', 'EZS OUT1 VS IN3\nEZS OUT1 VS IN3\n'],
  [extron(), '1!\n', '3!\n'],
  [pway(), 'PS\r', 'PS 3\r'],
  [xhHk4401(1), undefined, 'SW3\r\nAG03gA'],
  [xhHk4401(2), undefined, 'G03gA\0'],
])('%o is asked and selected in its own words', (protocol, asked, selected) => {
  expect(text(protocol.ask(undefined))).toBe(asked);
  expect(text(protocol.select(2))).toBe(selected);
});

it.each([
  [extron(), '4!\n'],
  [pway(), 'PS 4\r'],
])(
  'what can only be asked by selecting keeps the channel that was known: %#',
  (protocol, asked) => {
    expect(text(protocol.ask(3))).toBe(asked);
  },
);

it.each([
  ['ezcoo', ezcoo(1), 'OUT1 VS 1..OUT1 VS 4', [0, 3]],
  ['ezcoo', ezcoo(2), 'V0CSV18SxV5ESV08S', [0, 1, 2, 3]],
  ['ezcoo: any other code', ezcoo(1), 'VFFS', [undefined]],
  ['ezcoo: our own echo', ezcoo(1), 'SET OUT1 VS IN2\r\n', []],
  ['extron', extron(), 'Chn1\r\nChn4\r\n', [0, 3]],
  ['extron: an input that is none of ours', extron(), 'Chn0 Chn9', [undefined, undefined]],
  ['pway', pway(), 'VGA_SWITCH_CONTROL=0\r\nVGA_SWITCH_CONTROL=15\r\n', [0, 15]],
  ['pway: no number', pway(), 'VGA_SWITCH_CONTROL=\r\n', []],
  ['pway: no such port', pway(), 'VGA_SWITCH_CONTROL=16\r\n', [undefined]],
  ['xh_hk4401', xhHk4401(1), 'AG01gAAG04gA', [0, 3]],
  ['xh_hk4401 2', xhHk4401(2), 'G02gA\0', [1]],
  ['xh_hk4401 2: not ended', xhHk4401(2), 'G02gA', []],
] as const)('%s is understood', (_name, protocol, sent, channels) => {
  expect(read(protocol, sent)).toEqual(channels);
  expect(read(protocol, `\xff\x00garbage ${sent}`)).toEqual(channels);
});

it('a number that goes on in the next bytes is told again, once', () => {
  expect(read(pway(), 'VGA_SWITCH_CONTROL=1', '5', '\r\n')).toEqual([1, 15]);
  expect(read(pway(), 'VGA_SWITCH_CONTROL=1', '\r\n', '\r\n')).toEqual([1]);
  expect(read(pway(), 'VGA_SWITCH_', 'CONTROL=', '7\r', '\n')).toEqual([7]);
});

describe.each(PROTOCOLS)('%s', (_name, protocol) => {
  const piece = fc.oneof(
    fc.constantFrom('OUT1 VS ', 'V0CS', 'Chn', 'VGA_SWITCH_CONTROL=', 'AG0', 'G02gA\0', '1', '3'),
    fc.string({ unit: 'binary' }),
  );

  it('takes anything, in any pieces', () => {
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const reader = new SwitchReader(protocol);
        for (const each of pieces) {
          for (const { channel } of reader.push(bytes(each))) {
            if (channel !== undefined) expect(channel).toBeLessThan(protocol.channels);
          }
        }
      }),
    );
  });

  it('comes to the same channel one byte at a time', () => {
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const all = pieces.join('');
        expect(read(protocol, ...all).at(-1)).toEqual(read(protocol, all).at(-1));
      }),
    );
  });
});

describe('tesmart', () => {
  it('has the frames of the manual', () => {
    expect(Buffer.from(tesmartGet()).toString('hex')).toBe('aabb031000ee');
    expect(Buffer.from(tesmartSet(15)).toString('hex')).toBe('aabb030110ee');
  });

  it('reads a reply, and no other bytes', () => {
    expect(tesmartPort(Uint8Array.of(0xaa, 0xbb, 3, 0x11, 15, 0xee))).toBe(15);
    expect(tesmartPort(Uint8Array.of(0xaa, 0xbb, 3, 0x11, 16, 0xee))).toBeUndefined();
    expect(tesmartPort(Uint8Array.of(0xaa, 0xbb, 3, 0x11, 1))).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array(), (reply) => {
        const port = tesmartPort(reply);
        if (port !== undefined) expect([reply[0], reply[1]]).toEqual([0xaa, 0xbb]);
      }),
    );
  });
});
