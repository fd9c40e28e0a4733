import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OggError, OggReader } from './ogg.ts';

/** A page by what its table and its data are, in hexadecimal digits. */
function page(table: string, data: string, flags = '00'): string {
  const count = (table.length / 2).toString(16).padStart(2, '0');
  return `4f67675300${flags}${'00'.repeat(8)}78563412${'00'.repeat(4)}efbeadde${count}${table}${data}`;
}

/** `OpusHead` as ffmpeg 5.1 writes it: two channels, 120 samples to leave out, 48 kHz. */
const HEAD = '4f707573486561640102780080bb0000000000';
const FIRST = page('13', HEAD, '02');
const TWO = page('0302', 'aaaaaabbbb');
const LONG = 'cc'.repeat(255);
const BEGUN = page('01ff', `dd${LONG}`);
const ENDED = page('02', 'eeee', '01');
/** A packet of just a full segment ends with an empty one. */
const EMPTY = page('ff00', LONG);
const STREAM = Buffer.from(FIRST + TWO + BEGUN + ENDED + EMPTY, 'hex');
const PACKETS = [HEAD, 'aaaaaa', 'bbbb', 'dd', `${LONG}eeee`, LONG];

function read(stream: Buffer, size: number): readonly string[] {
  const reader = new OggReader();
  const packets: string[] = [];
  for (let at = 0; at < stream.length; at += size) {
    const piece = Buffer.from(stream.subarray(at, at + size));
    packets.push(...reader.push(piece).map((packet) => packet.toString('hex')));
  }
  return packets;
}

describe('packets in Ogg', () => {
  it.each([1, 2, 27, 100, 10_000])('are read in pieces of %i bytes', (size) => {
    expect(read(STREAM, size)).toEqual(PACKETS);
  });

  it('are given as soon as they are complete', () => {
    const reader = new OggReader();
    const bytes = Buffer.from(TWO, 'hex');
    expect(reader.push(bytes.subarray(0, -1))).toEqual([]);
    expect(reader.push(bytes.subarray(-1))).toHaveLength(2);
  });

  it('come back whole, however they are cut into segments and pages', () => {
    const packets = fc.array(fc.uint8Array({ minLength: 1, maxLength: 700 }), { maxLength: 6 });
    fc.assert(
      fc.property(packets, fc.integer({ min: 1, max: 4 }), fc.nat(300), (given, most, size) => {
        const wanted = given.map((bytes) => Buffer.from(bytes).toString('hex'));
        expect(read(pagesOf(given, most), size + 1)).toEqual(wanted);
      }),
    );
  });

  it.each([
    ['something else', '474946383961'],
    ['another version', FIRST.replace('5300', '5301')],
    ['a packet that nothing goes on with', BEGUN + TWO],
    ['a packet that goes on from nothing', ENDED],
    [
      'a packet without end',
      page('ff'.repeat(255), LONG.repeat(255)) + page('ff'.repeat(255), LONG.repeat(255), '01'),
    ],
  ])('are refused: %s', (_what, hex) => {
    expect(() => read(Buffer.from(hex, 'hex'), 4096)).toThrow(OggError);
  });

  it('throw nothing but their own error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(STREAM.length - 1), (bytes, at) => {
        const broken = Buffer.from(STREAM);
        broken.set(bytes.subarray(0, broken.length - at), at);
        try {
          read(broken, 11);
        } catch (error) {
          expect(error).toBeInstanceOf(OggError);
        }
      }),
    );
  });
});

/** Pages of at most so many segments each. */
function pagesOf(packets: readonly Uint8Array[], most: number): Buffer {
  const segments = packets.flatMap((packet) =>
    Array.from({ length: Math.floor(packet.length / 255) + 1 }, (_, index) =>
      Buffer.from(packet.subarray(index * 255, index * 255 + 255)),
    ),
  );
  let pages = '';
  for (let at = 0; at < segments.length; at += most) {
    const own = segments.slice(at, at + most);
    const table = Buffer.from(own.map(({ length }) => length)).toString('hex');
    const goesOn = at > 0 && segments[at - 1]?.length === 255;
    pages += page(table, Buffer.concat(own).toString('hex'), goesOn ? '01' : '00');
  }
  return Buffer.from(pages, 'hex');
}
