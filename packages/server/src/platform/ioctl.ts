import { addressOf, lastSystemError, nativeFunction, POINTER_BYTES } from './libc.ts';

/** Puts the address of `to` at these bytes of a structure; both must be kept until the call is over. */
export function pointAt(data: Uint8Array, at: number, to: Uint8Array): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const address = addressOf(to);
  if (POINTER_BYTES === 8) view.setBigUint64(at, address, true);
  else view.setUint32(at, Number(address), true);
}

/** What a running call points at: the collector does not know of it. */
const HELD = new Set<Uint8Array>();

/**
 * Runs an ioctl in a thread, which may change `data` and what that points at. Rejects with an error that
 * has the system's `code`. Needs the optional koffi.
 */
export function ioctlInThread(
  fd: number,
  request: number,
  data: Uint8Array,
  pointedAt?: Uint8Array,
): Promise<void> {
  const ioctl = nativeFunction('int ioctl(int fd, unsigned long request, void *data)');
  if (pointedAt) HELD.add(pointedAt);
  const call = new Promise<void>((resolve, reject) => {
    ioctl.async(fd, request, data, (error: unknown, result: number) => {
      if (error) reject(error);
      else if (result < 0) reject(lastSystemError('ioctl'));
      else resolve();
    });
  });
  return call.finally(() => pointedAt && HELD.delete(pointedAt));
}
