import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jpegSize } from './jpeg-size.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const HEAD = 'ffd8 ffe0 0004 4a46 ffc4 0003 00';
const FRAME = 'ff c0 000b 08 02d0 0500 01 012200';
const SCAN = 'ffda 0003 01 123456';

it('is in the frame header, also of a progressive file and behind padding', () => {
  const size = { width: 1280, height: 720 };
  expect(jpegSize(hex(`${HEAD} ${FRAME} ${SCAN} ffd9`))).toEqual(size);
  expect(jpegSize(hex(`${HEAD} ffff ${FRAME.replace('ff c0', 'c2')} ${SCAN} ffd9`))).toEqual(size);
  expect(jpegSize(hex(`${HEAD} ${FRAME} ${SCAN} ffd9 ${'00'.repeat(100)}`))).toEqual(size);
});

it.each([
  ['nothing', ''],
  ['another file', '89504e470d0a1a0a'],
  ['a file that was cut off', `${HEAD} ${FRAME} ${SCAN}`],
  ['a file without a frame', `${HEAD} ${SCAN} ffd9`],
  ['a picture without pixels', `${HEAD} ${FRAME.replace('02d0', '0000')} ${SCAN} ffd9`],
  ['a segment that goes nowhere', 'ffd8 ffe0 0000 ffd9'],
  ['a scan that never begins', `${HEAD} ${FRAME} ffd9`],
])('is unknown for %s', (_, text) => {
  expect(jpegSize(hex(text))).toBeUndefined();
});

it('is never an error', () => {
  const file = [...hex(`${HEAD} ${FRAME} ${SCAN} ffd9`)];
  fc.assert(
    fc.property(fc.nat(file.length - 1), fc.uint8Array({ maxLength: 4 }), (at, bytes) => {
      jpegSize(Uint8Array.from([...file.slice(0, at), ...bytes, ...file.slice(at + 1)]));
      jpegSize(bytes);
    }),
  );
});
