import { expect, it } from 'vitest';
import { IVF_FRAME_BYTES, ivfHeader, writeIvfFrame } from './ivf.ts';

it('writes what FFmpeg reads', () => {
  const header = ivfHeader({ fourcc: 'BGR\0', width: 1280, height: 720, unitsPerSecond: 1000 });
  expect(header.toString('hex')).toBe(
    '444b494600002000' + '42475200' + '0005d002' + 'e803000001000000' + '0000000000000000',
  );
  const frame = Buffer.alloc(IVF_FRAME_BYTES + 1, 0xff);
  writeIvfFrame(frame, 3_686_400, 67);
  expect(frame.toString('hex')).toBe('00403800' + '4300000000000000' + 'ff');
});
