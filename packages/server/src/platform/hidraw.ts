import { type FileHandle, open } from 'node:fs/promises';
import { lastSystemError, nativeFunction } from './libc.ts';

/** An open HID raw device. Its calls may take as long as USB does; they do not block this thread. */
export interface HidDevice {
  /** Writes an output report, its number first. */
  write(report: Uint8Array): Promise<void>;
  /** Sends a feature report, its number first. */
  sendFeature(report: Uint8Array): Promise<void>;
  /** Asks for a feature report of at most `bytes` bytes, its number included. */
  getFeature(report: number, bytes: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Opens /dev/hidrawN; rejects with the system's error. */
export type OpenHid = (path: string) => Promise<HidDevice>;

/** linux/hidraw.h: _IOC(READ | WRITE, 'H', 6 or 7, bytes). */
export function hidFeatureRequest(direction: 'send' | 'get', bytes: number): number {
  const number = direction === 'send' ? 0x06 : 0x07;
  return 0xc000_0000 + (bytes << 16) + (0x48 << 8) + number;
}

/** The devices of this system. */
export const openHidraw: OpenHid = async (path) => {
  const file = await open(path, 'r+');
  return {
    async write(report) {
      const { bytesWritten } = await file.write(report);
      if (bytesWritten !== report.length) throw new Error(`${path} took half a report`);
    },
    async sendFeature(report) {
      await ioctl(file, hidFeatureRequest('send', report.length), Uint8Array.from(report));
    },
    async getFeature(report, bytes) {
      const data = new Uint8Array(bytes);
      data[0] = report;
      const length = await ioctl(file, hidFeatureRequest('get', bytes), data);
      return data.subarray(0, length);
    },
    close: () => file.close(),
  };
};

function ioctl({ fd }: FileHandle, request: number, data: Uint8Array): Promise<number> {
  const call = nativeFunction('int ioctl(int fd, unsigned long request, void *data)');
  return new Promise((resolve, reject) => {
    call.async(fd, request, data, (error: unknown, result: number) => {
      if (error) reject(error);
      else if (result < 0) reject(lastSystemError('ioctl'));
      else resolve(result);
    });
  });
}
