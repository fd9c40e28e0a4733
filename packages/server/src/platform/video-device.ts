import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { addressOf, lastSystemError, nativeFunction, POINTER_BYTES } from './libc.ts';

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

/** What a running call points at: the collector does not know of it. */
const HELD = new Set<Uint8Array>();

/** The nodes of this system; they need the optional koffi. */
export const openVideoDevice: OpenVideoDevice = async (path) => {
  const file = await open(path, constants.O_RDWR | constants.O_NONBLOCK);
  return {
    pointerBytes: POINTER_BYTES,
    async ioctl(request, data, pointer) {
      if (!pointer) return await call(file, request, data);
      fillIn(data, pointer);
      HELD.add(pointer.to);
      await call(file, request, data).finally(() => HELD.delete(pointer.to));
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
};

function fillIn(data: Uint8Array, { at, to }: VideoPointer): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const address = addressOf(to);
  if (POINTER_BYTES === 8) view.setBigUint64(at, address, true);
  else view.setUint32(at, Number(address), true);
}

function call({ fd }: FileHandle, request: number, data: Uint8Array): Promise<void> {
  const ioctl = nativeFunction('int ioctl(int fd, unsigned long request, void *data)');
  return new Promise((resolve, reject) => {
    ioctl.async(fd, request, data, (error: unknown, result: number) => {
      if (error) reject(error);
      else if (result < 0) reject(lastSystemError('ioctl'));
      else resolve();
    });
  });
}
