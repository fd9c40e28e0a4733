import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { ioctlInThread, pointAt } from './ioctl.ts';

/** Bytes of a transfer at most; V8 lets no shorter buffer be pointed at for long. */
export const SPI_MAX_BYTES = 128;

/** A device of the SPI bus. Its calls take as long as the bus does, and block nobody. */
export interface SpiDevice extends AsyncDisposable {
  /** Runs an ioctl that points at nothing. Rejects with an error that has a `code`. */
  ioctl(request: number, data: Uint8Array): Promise<void>;
  /**
   * Runs an ioctl whose structure has pointers at these places, to what is sent and what is received
   * instead; resolves with that.
   */
  transfer(
    request: number,
    data: Uint8Array,
    pointers: readonly number[],
    bytes: Uint8Array,
  ): Promise<Uint8Array>;
}

/** Opens a device; rejects with the system's error. */
export type OpenSpiDevice = (path: string) => Promise<SpiDevice>;

/** The devices of this system; they need the optional koffi. */
export const openSpiDevice: OpenSpiDevice = async (path) => {
  const file = await open(path, constants.O_RDWR);
  return {
    ioctl: (request, data) => ioctlInThread(file.fd, request, data),
    async transfer(request, data, pointers, bytes) {
      const shared = new Uint8Array(SPI_MAX_BYTES);
      shared.set(bytes);
      for (const at of pointers) pointAt(data, at, shared);
      await ioctlInThread(file.fd, request, data, shared);
      return shared.subarray(0, bytes.length);
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
};
