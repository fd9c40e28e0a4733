import type { Socket } from 'node:net';
import { type NativeFunction, nativeFunction } from './libc.ts';
import { socketDescriptor } from './socket-descriptor.ts';

// <linux/in.h>, <linux/tcp.h>
const IPPROTO_TCP = 6;
const TCP_NOTSENT_LOWAT = 25;
const SET_SOCK_OPT =
  'int setsockopt(int fd, int level, int name, const void *value, uint32_t length)';
/** One picture; the kernel's own limit is 4 MiB, seconds of pictures that nobody wants any more. */
const UNSENT_BYTES = 128 * 1024;

let cached: NativeFunction | undefined | null = null;

function setSockOpt(): NativeFunction | undefined {
  if (cached !== null) return cached;
  try {
    cached = nativeFunction(SET_SOCK_OPT);
  } catch {
    // Without the optional koffi slow clients are served as everywhere else.
    cached = undefined;
  }
  return cached;
}

/**
 * Lets the kernel keep no more of a TCP connection than the network can take now and one picture:
 * what waits there is old when it goes, and cannot be replaced by something newer. False where that
 * is not possible.
 */
export function limitUnsent(socket: Socket): boolean {
  const fd = socketDescriptor(socket, 'TCP');
  if (fd === undefined) return false;
  const value = new Uint8Array(Uint32Array.of(UNSENT_BYTES).buffer);
  return setSockOpt()?.(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, value, value.length) === 0;
}
