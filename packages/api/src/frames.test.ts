import { expect, test } from 'vitest';
import { buttonFrame, keyFrame, moveFrame, relativeFrame, wheelFrame } from './frames.ts';

const hex = (frame: Uint8Array) => Buffer.from(frame).toString('hex');

// Frames that the reference server was recorded to take.
test.each([
  ['a key press', keyFrame('KeyA', true), '01014b657941'],
  ['a key release', keyFrame('KeyA', false), '01004b657941'],
  ['a key press with finish', keyFrame('KeyB', true, true), '01034b657942'],
  ['a button press', buttonFrame('left', true), '02016c656674'],
  ['a button release', buttonFrame('left', false), '02006c656674'],
  ['a move, big-endian', moveFrame(100, -100), '030064ff9c'],
  ['a relative step', relativeFrame([{ x: 1, y: 2 }], false), '04000102'],
  [
    'relative steps to be joined',
    relativeFrame(
      [
        { x: 1, y: 2 },
        { x: 3, y: 4 },
      ],
      true,
    ),
    '040101020304',
  ],
  ['a wheel step up', wheelFrame([{ x: 0, y: -5 }], false), '050000fb'],
  ['no steps', wheelFrame([], true), '0501'],
])('%s', (_name, frame, expected) => {
  expect(hex(frame)).toBe(expected);
});
