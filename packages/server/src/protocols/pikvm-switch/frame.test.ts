import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeFrame, FrameReader, MAX_PAYLOAD } from './frame.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytes = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const payload = fc.uint8Array({ minLength: 0, maxLength: MAX_PAYLOAD });

/** What a reader gives for some bytes, in hexadecimal. */
function read(text: string, reader = new FrameReader()): readonly string[] {
  return reader.push(bytes(text)).map(hex);
}

it.each([
  ['', 'f1f2'],
  ['01 01 00 04 ff', 'f1010100 04ff f2'],
  ['f0 f1 f2', 'f1 f00f f00e f00d f2'],
  ['ef f3', 'f1 ef f3 f2'],
])('frames %s as %s, both ways', (given, framed) => {
  expect(hex(encodeFrame(bytes(given)))).toBe(framed.replaceAll(' ', ''));
  expect(read(framed)).toEqual([given.replaceAll(' ', '')]);
});

it('gives the same whatever pieces the bytes come in', () => {
  fc.assert(
    fc.property(fc.array(payload, { maxLength: 4 }), (payloads) => {
      const stream = Buffer.concat(payloads.map(encodeFrame));
      const reader = new FrameReader();
      const single = [...stream].flatMap((byte) => reader.push(Uint8Array.of(byte)));
      expect(single.map(hex)).toEqual(payloads.map(hex));
      expect(new FrameReader().push(stream).map(hex)).toEqual(payloads.map(hex));
    }),
  );
});

it('finds a frame after any garbage, and never throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 900 }), payload, (garbage, last) => {
      const reader = new FrameReader();
      reader.push(garbage);
      expect(reader.push(encodeFrame(last)).map(hex)).toEqual([hex(last)]);
    }),
  );
});

it.each([
  ['a frame that another begins in', 'f1 01 02 f1 03 f2', ['03']],
  ['an escape that the next start follows', 'f1 01 f0 f1 03 f2', ['03']],
  ['an escape at the end', 'f1 01 f0 f2 f1 03 f2', ['03']],
  ['a byte that needs no escape', 'f1 f0 33 f2 f1 03 f2', ['03']],
  ['bytes between frames', '00 f2 11 f1 03 f2 22', ['03']],
])('drops %s', (_what, stream, found) => {
  expect(read(stream)).toEqual(found);
});

it('drops a frame that is too long', () => {
  const reader = new FrameReader();
  const long = encodeFrame(new Uint8Array(MAX_PAYLOAD + 1));
  expect(reader.push(long)).toEqual([]);
  expect(reader.push(encodeFrame(new Uint8Array(MAX_PAYLOAD)))).toHaveLength(1);
});
