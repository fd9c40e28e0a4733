import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { socketDescriptor } from './socket-descriptor.ts';

/** Who is at the other end of a unix socket, as the kernel saw it connect. */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

type GetSockOpt = (
  fd: number,
  level: number,
  name: number,
  value: Uint8Array,
  length: Uint32Array,
) => number;

// <asm-generic/socket.h>: right on x86, ARM and RISC-V.
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const UCRED_BYTES = 12;
const NOBODY = 0xffff_ffff;

let cached: GetSockOpt | undefined | null = null;

/** The C library's getsockopt over the optional koffi; undefined without it. */
function getSockOpt(): GetSockOpt | undefined {
  if (cached !== null) return cached;
  try {
    const koffi = createRequire(import.meta.url)('koffi') as {
      load(path: null): { func(declaration: string): GetSockOpt };
    };
    cached = koffi
      .load(null)
      .func('int getsockopt(int fd, int level, int name, void *value, uint32_t *length)');
  } catch {
    cached = undefined;
  }
  return cached;
}

/** The peer of a unix socket; undefined for other sockets, ended ones, and where koffi is missing. */
export function peerCredentials(socket: Socket): PeerCredentials | undefined {
  const fd = socketDescriptor(socket, 'Pipe');
  const call = fd === undefined ? undefined : getSockOpt();
  if (fd === undefined || !call) return undefined;
  const value = new Uint8Array(UCRED_BYTES);
  const length = new Uint32Array([UCRED_BYTES]);
  if (call(fd, SOL_SOCKET, SO_PEERCRED, value, length) !== 0 || length[0] !== UCRED_BYTES) {
    return undefined;
  }
  const [pid = 0, uid = NOBODY, gid = NOBODY] = new Uint32Array(value.buffer);
  return uid === NOBODY ? undefined : { pid, uid, gid };
}
