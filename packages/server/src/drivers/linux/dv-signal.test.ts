import { expect, it } from 'vitest';
import type { OpenVideoDevice } from '../../platform/video-device.ts';
import { explainSignal, queryDvSignal } from './dv-signal.ts';

const failing =
  (code: string): OpenVideoDevice =>
  async () => ({
    pointerBytes: 8,
    async ioctl() {
      throw Object.assign(new Error(`ioctl: ${code}`), { code });
    },
    async [Symbol.asyncDispose]() {},
  });

it.each([
  ['ENOLINK', 'absent'],
  ['ENOLCK', 'unlocked'],
  ['ERANGE', 'out-of-range'],
  ['ENOTTY', 'unknown'],
  ['EBUSY', 'unknown'],
])('tells %s as %s', async (code, kind) => {
  expect(await queryDvSignal('/dev/video0', failing(code))).toEqual({ kind });
});

it('knows nothing of a device that is not there, and has no opinion then', async () => {
  expect(await queryDvSignal('/dev/no-such-video')).toEqual({ kind: 'unknown' });
  expect(explainSignal(await queryDvSignal('/dev/null'))).toBeUndefined();
});

it('says what to do about a signal that the chip cannot take', () => {
  expect(explainSignal({ kind: 'out-of-range' })).toContain('lower resolution');
});
