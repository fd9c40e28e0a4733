import { expect, it } from 'vitest';
import type { OpenVideoDevice } from '../../platform/video-device.ts';
import { V4L2_IOCTL } from '../../protocols/v4l2-uapi.ts';
import { inspectVideo } from './video-node.ts';

/** A grabber of two formats; `endOfList` is how its driver says that there are no more. */
const grabber =
  (endOfList: string): OpenVideoDevice =>
  async () => ({
    pointerBytes: 8,
    async ioctl(request, data) {
      const view = new DataView(data.buffer);
      if (request === V4L2_IOCTL.capability) {
        data.set(Buffer.from('uvcvideo'));
        return view.setUint32(84, 0x0400_0001, true);
      }
      const code = ['MJPG', 'YUYV'][view.getUint32(0, true)];
      if (!code) throw Object.assign(new Error(endOfList), { code: endOfList });
      data.set(Buffer.from(code), 44);
    },
    async [Symbol.asyncDispose]() {},
  });

it('tells what a node is and sends', async () => {
  expect(await inspectVideo('/dev/video0', grabber('EINVAL'))).toEqual({
    ...{ driver: 'uvcvideo', card: '', bus: '', captures: true },
    formats: ['MJPG', 'YUYV'],
  });
});

it('knows nothing of a node that fails, is another device, or is not there', async () => {
  expect(await inspectVideo('/dev/video0', grabber('EIO'))).toBeUndefined();
  expect(await inspectVideo('/dev/null')).toBeUndefined();
  expect(await inspectVideo('/dev/no-such-video')).toBeUndefined();
});
