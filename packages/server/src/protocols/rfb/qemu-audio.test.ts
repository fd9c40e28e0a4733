import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RfbError } from './limits.ts';
import { enableAudio, readAudio } from './qemu-audio.ts';
import { ByteReader, type Reading } from './reader.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

/** What is told of messages (each after its type ff) that come in pieces of this size. */
function read(input: Uint8Array, size: number): readonly string[] {
  const calls: string[] = [];
  const sink = {
    audioBegin: () => calls.push('begin'),
    audio: (samples: Uint8Array) => calls.push(Buffer.from(samples).toString('hex')),
    audioEnd: () => calls.push('end'),
  };
  function* all(): Reading {
    for (;;) {
      yield 1;
      yield* readAudio(sink);
    }
  }
  const reader = new ByteReader(all());
  for (let at = 0; at < input.length; at += size) void reader.push(input.subarray(at, at + size));
  return calls;
}

describe("QEMU's sound over RFB", () => {
  const messages = hex(
    'ff 01 0001  ff 01 0002 00000006 010203040506  ff 01 0002 00000000  ff 01 0000',
  );

  it('is asked for as 16 bits signed', () => {
    expect(enableAudio(2, 48_000)).toEqual(hex('ff 01 0002 03 02 0000bb80  ff 01 0000'));
  });

  it('begins, comes and ends', () => {
    expect(read(messages, 100)).toEqual(['begin', '010203040506', 'end']);
  });

  it('comes in any pieces', () => {
    for (const size of [1, 2, 3, 7]) {
      const [first, ...rest] = read(messages, size);
      expect([first, rest.slice(0, -1).join(''), rest.at(-1)]).toEqual([
        ...['begin', '010203040506', 'end'],
      ]);
    }
  });

  it.each([
    ['another QEMU message', 'ff 00 0001'],
    ['another operation', 'ff 01 0003'],
    ['more than there may be', 'ff 01 0002 00100001'],
  ])('is refused as %s', (_what, text) => {
    expect(() => read(hex(text), 100)).toThrow(RfbError);
  });

  it('throws nothing but its own error', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.integer({ min: 1, max: 40 }),
        (bytes, size) => {
          try {
            read(bytes, size);
          } catch (error) {
            expect(error).toBeInstanceOf(RfbError);
          }
        },
      ),
    );
  });
});
