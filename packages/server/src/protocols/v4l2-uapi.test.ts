import { expect, it } from 'vitest';
import {
  CAPABILITY_BYTES,
  DV_TIMINGS_BYTES,
  decodeCapability,
  decodeDvTimings,
  EDID_POINTER_AT,
  edidBytes,
  edidRequest,
  encodeEdidRequest,
  encodeFormatRequest,
  formatCode,
  V4L2_IOCTL,
} from './v4l2-uapi.ts';

const sizeOf = (request: number) => (request >>> 16) & 0x3fff;

it('has the size of each structure in its ioctl number', () => {
  const sizes = Object.values(V4L2_IOCTL).map(sizeOf);
  expect(sizes).toEqual([CAPABILITY_BYTES, encodeFormatRequest(0).length, DV_TIMINGS_BYTES]);
  expect([edidRequest('get', 8), edidRequest('set', 8)]).toEqual([0xc028_5628, 0xc028_5629]);
  expect(sizeOf(edidRequest('set', 4))).toBe(encodeEdidRequest(2, 4).length);
});

it('struct v4l2_edid asks for blocks and tells how many there are', () => {
  const request = encodeEdidRequest(2, 8);
  expect(Buffer.from(request).toString('hex')).toBe(
    `${'00000000'.repeat(2)}02000000${'00'.repeat(20 + 8)}`,
  );
  expect([EDID_POINTER_AT, request.length, edidBytes(request)]).toEqual([32, 40, 256]);
});

it('struct v4l2_dv_timings tells size and rate', () => {
  const bytes = new Uint8Array(DV_TIMINGS_BYTES);
  const [clock, ...rest] = [148_500_000n, 88, 44, 148, 4, 5, 36] as const;
  const view = new DataView(bytes.buffer);
  for (const [index, value] of [0, 1920, 1080, 0, 3].entries())
    view.setUint32(index * 4, value, true);
  view.setBigUint64(20, clock, true);
  for (const [index, value] of rest.entries()) view.setUint32(28 + index * 4, value, true);
  expect(decodeDvTimings(bytes)).toEqual({ width: 1920, height: 1080, interlaced: false, hz: 60 });
  expect(decodeDvTimings(new Uint8Array(DV_TIMINGS_BYTES)).hz).toBe(0);
});

it('struct v4l2_dv_timings of interlaced fields tells their rate', () => {
  const bytes = new Uint8Array(DV_TIMINGS_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [at, value] of [
    [4, 1920],
    [8, 1080],
    [12, 1],
  ] as const)
    view.setUint32(at, value, true);
  view.setBigUint64(20, 74_250_000n, true);
  for (const [index, value] of [88, 44, 148, 2, 5, 15, 2, 5, 16].entries()) {
    view.setUint32(28 + index * 4, value, true);
  }
  expect(decodeDvTimings(bytes)).toMatchObject({ interlaced: true, hz: 60 });
});

it('struct v4l2_capability tells what this node does, not what others of its device do', () => {
  const bytes = new Uint8Array(CAPABILITY_BYTES);
  bytes.set(Buffer.from('uvcvideo'), 0);
  bytes.set(Buffer.from('USB Video'), 16);
  bytes.set(Buffer.from(`usb-${'x'.repeat(28)}`), 48);
  const view = new DataView(bytes.buffer);
  view.setUint32(84, 0x84a0_0001, true);
  view.setUint32(88, 0x0420_0001, true);
  const told = { driver: 'uvcvideo', card: 'USB Video', bus: `usb-${'x'.repeat(28)}` };
  expect(decodeCapability(bytes)).toEqual({ ...told, captures: true });
  // Its second node has metadata.
  view.setUint32(88, 0x04a0_0000, true);
  expect(decodeCapability(bytes)).toEqual({ ...told, captures: false });
});

it('struct v4l2_fmtdesc tells four characters', () => {
  const bytes = encodeFormatRequest(3);
  expect([bytes[0], bytes[4]]).toEqual([3, 1]);
  bytes.set(Buffer.from('MJPG'), 44);
  expect(formatCode(bytes)).toBe('MJPG');
});
