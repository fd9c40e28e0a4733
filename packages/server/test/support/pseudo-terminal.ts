import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';
import { ReadStream } from 'node:tty';
import { openSerialPort } from '../../src/platform/serial-port.ts';

interface Library {
  func(declaration: string): (fd: number) => unknown;
}

/** A serial line of the kernel: our program opens `path`, a test has the other end; may be disposed twice. */
export interface PseudoTerminal extends Disposable {
  /** /dev/pts/N */
  readonly path: string;
  readonly far: Duplex;
}

/** Makes a pair of connected terminals; the far end sends and gets raw bytes. */
export function openPseudoTerminal(): PseudoTerminal {
  const koffi = createRequire(import.meta.url)('koffi') as { load(path: null): Library };
  const libc = koffi.load(null);
  const flags = constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK;
  const fd = openSync('/dev/ptmx', flags);
  libc.func('int unlockpt(int fd)')(fd);
  const path = String(libc.func('const char *ptsname(int fd)')(fd));
  // Kept open, so that the far end lives on while our program closes and opens its own.
  const near = openSync(path, flags);
  const far: Duplex = new ReadStream(fd);
  far.on('error', () => undefined);
  return {
    path,
    far,
    [Symbol.dispose]() {
      if (far.destroyed) return;
      far.destroy();
      closeSync(near);
    },
  };
}

/** A pair that carries every byte unchanged also for a program that sets nothing. */
export async function openRawTerminal(): Promise<PseudoTerminal> {
  const line = openPseudoTerminal();
  const port = await openSerialPort(line.path, 115_200);
  const closed = once(port, 'close');
  port.destroy();
  await closed;
  return line;
}
