import { closeSync, constants, openSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { constants as system } from 'node:os';
import { basename } from 'node:path';
import { lastErrno, lastSystemError, type NativeFunction, nativeFunction } from './libc.ts';

/** What the GPIO character device needs of the system, and Node lacks. Errors have a `code`. */
export interface GpioCalls {
  /** Paths of all chips. */
  listChips(): readonly string[];
  /** Whether a chip can be unplugged: it is on a USB. */
  isUnpluggable(path: string): boolean;
  /** Opens a chip. */
  open(path: string): number;
  /** Runs an ioctl, which may change `data`. */
  ioctl(fd: number, request: number, data: Uint8Array): void;
  /** Lets `read` of requested lines never wait: the kernel hands them out as blocking descriptors. */
  unblock(fd: number): void;
  /** Fills `into` with events of requested lines; 0 when none waits. */
  read(fd: number, into: Uint8Array): number;
  close(fd: number): void;
}

const F_SETFL = 4;

interface Functions {
  readonly ioctl: NativeFunction;
  readonly read: NativeFunction;
  readonly fcntl: NativeFunction;
}

let functions: Functions | undefined;

function native(): Functions {
  functions ??= {
    ioctl: nativeFunction('int ioctl(int fd, unsigned long request, void *data)'),
    read: nativeFunction('long read(int fd, void *into, size_t bytes)'),
    fcntl: nativeFunction('int fcntl(int fd, int command, int flags)'),
  };
  return functions;
}

/** The calls of this system. They are short; the devices answer from memory or a fast bus. */
export const SYSTEM_GPIO_CALLS: GpioCalls = {
  listChips: () =>
    readdirSync('/dev').flatMap((name) => (/^gpiochip\d+$/.test(name) ? [`/dev/${name}`] : [])),

  isUnpluggable(path) {
    try {
      // /sys/bus/gpio/devices/gpiochip4 -> ../../../devices/pci0000:00/0000:00:14.0/usb1/1-2/…
      const link = readlinkSync(`/sys/bus/gpio/devices/${basename(realpathSync(path))}`);
      return /\/usb\d+\//.test(link);
    } catch {
      return false;
    }
  },

  open: (path) => openSync(path, constants.O_RDWR | constants.O_NONBLOCK),

  ioctl(fd, request, data) {
    if (native().ioctl(fd, request, data) < 0) throw lastSystemError('ioctl');
  },

  unblock(fd) {
    if (native().fcntl(fd, F_SETFL, constants.O_NONBLOCK) < 0) throw lastSystemError('fcntl');
  },

  read(fd, into) {
    const bytes = native().read(fd, into, into.length);
    if (bytes >= 0) return bytes;
    // Asked for fifty times a second: most often there is nothing.
    if (lastErrno() === system.errno.EAGAIN) return 0;
    throw lastSystemError('read');
  },

  close: (fd) => closeSync(fd),
};
