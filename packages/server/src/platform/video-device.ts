import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { ioctlInThread, pointAt } from './ioctl.ts';
import { POINTER_BYTES } from './libc.ts';

/** An ioctl whose structure points at more bytes. */
export interface VideoPointer {
  /** Where in the structure the pointer belongs. */
  readonly at: number;
  /** What it points at; the kernel may change it. */
  readonly to: Uint8Array;
}

/**
 * A node of Video4Linux that is open beside the program that captures. Its calls may take as long as
 * the chip does; they do not block this thread. Errors have a `code`.
 */
export interface VideoDevice extends AsyncDisposable {
  /** Size of a pointer in its structures, bytes. */
  readonly pointerBytes: 4 | 8;
  /** Runs an ioctl, which may change `data`. */
  ioctl(request: number, data: Uint8Array, pointer?: VideoPointer): Promise<void>;
}

/** Opens a node; rejects with the system's error. */
export type OpenVideoDevice = (path: string) => Promise<VideoDevice>;

/** The nodes of this system; they need the optional koffi. */
export const openVideoDevice: OpenVideoDevice = async (path) => {
  const file = await open(path, constants.O_RDWR | constants.O_NONBLOCK);
  return {
    pointerBytes: POINTER_BYTES,
    async ioctl(request, data, pointer) {
      if (pointer) pointAt(data, pointer.at, pointer.to);
      await ioctlInThread(file.fd, request, data, pointer?.to);
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
};
