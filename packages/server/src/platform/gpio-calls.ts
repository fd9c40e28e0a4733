import { closeSync, constants, openSync, readdirSync } from 'node:fs';
import { lastSystemError, type NativeFunction, nativeFunction } from './libc.ts';

/** What the GPIO character device needs of the system, and Node lacks. Errors have a `code`. */
export interface GpioCalls {
  /** Paths of all chips. */
  listChips(): readonly string[];
  /** Opens a chip. */
  open(path: string): number;
  /** Runs an ioctl, which may change `data`. */
  ioctl(fd: number, request: number, data: Uint8Array): void;
  /** Fills `into` with events of requested lines; 0 when none waits. */
  read(fd: number, into: Uint8Array): number;
  close(fd: number): void;
}

const F_SETFL = 4;
const AGAIN = 'EAGAIN';

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

  open: (path) => openSync(path, constants.O_RDWR | constants.O_NONBLOCK),

  ioctl(fd, request, data) {
    if (native().ioctl(fd, request, data) < 0) throw lastSystemError('ioctl');
  },

  read(fd, into) {
    const { fcntl, read } = native();
    // The kernel hands out requested lines as blocking descriptors.
    if (fcntl(fd, F_SETFL, constants.O_NONBLOCK) < 0) throw lastSystemError('fcntl');
    const bytes = read(fd, into, into.length);
    if (bytes >= 0) return bytes;
    const error = lastSystemError('read');
    if ('code' in error && error.code === AGAIN) return 0;
    throw error;
  },

  close: (fd) => closeSync(fd),
};
