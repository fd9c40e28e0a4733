import { closeSync } from 'node:fs';
import { lastSystemError, type NativeFunction, nativeFunction } from './libc.ts';
import type { SocketWatch } from './socket-watch.ts';

/** <sys/socket.h> */
const SOCK_SEQPACKET = 5;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2_000_000;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const MSG_NOSIGNAL = 0x4000;
const MAX_ADDRESS_BYTES = 128;
/** Longer packets are cut off; nothing that we know of is nearly as long. */
const MAX_PACKET_BYTES = 1024;
/** A few reports: what waits in the kernel cannot be taken back. */
const SEND_BUFFER_BYTES = 4096;
/** Packets that are read in a row before somebody else has a turn. */
const MAX_BURST = 64;

interface Functions {
  readonly socket: NativeFunction;
  readonly bind: NativeFunction;
  readonly listen: NativeFunction;
  readonly accept: NativeFunction;
  readonly recv: NativeFunction;
  readonly send: NativeFunction;
  readonly setOption: NativeFunction;
}

let functions: Functions | undefined;

function native(): Functions {
  functions ??= {
    socket: nativeFunction('int socket(int domain, int type, int protocol)'),
    bind: nativeFunction('int bind(int fd, const void *address, uint32_t length)'),
    listen: nativeFunction('int listen(int fd, int backlog)'),
    accept: nativeFunction('int accept4(int fd, void *address, void *length, int flags)'),
    recv: nativeFunction('long recv(int fd, void *into, size_t bytes, int flags)'),
    send: nativeFunction('long send(int fd, const void *data, size_t bytes, int flags)'),
    setOption: nativeFunction(
      'int setsockopt(int fd, int level, int name, const void *value, uint32_t length)',
    ),
  };
  return functions;
}

/** What hears of a connection. */
export interface PacketListener {
  packet(packet: Uint8Array): void;
  /** More can be sent; also when nothing was refused before. */
  writable(): void;
  /** It has ended, not by `close`; an error says how. */
  closed(error?: Error): void;
}

/** A connection of packets, for instance of L2CAP. */
export interface PacketSocket {
  /** Tells this one from now on, never within this call. */
  listen(listener: PacketListener): void;
  /** False: not now, `writable` tells when. Throws the system's error. */
  send(packet: Uint8Array): boolean;
  /** Ends it; twice does nothing. */
  close(): void;
}

/** Where connections are awaited. */
export interface PacketServerOptions {
  /** Of the sockets, as the system numbers them (AF_…). */
  readonly domain: number;
  readonly protocol: number;
  /** A `sockaddr` of that domain. */
  readonly address: Uint8Array;
  readonly backlog: number;
  /** Set before anybody can connect. */
  readonly options?: readonly SocketOption[];
  readonly watch: SocketWatch;
  /** Called with each connection and the `sockaddr` of its other end. */
  readonly onConnection: (socket: PacketSocket, address: Uint8Array) => void;
}

/** An option of a socket, as setsockopt(2) takes it. */
export interface SocketOption {
  readonly level: number;
  readonly name: number;
  readonly value: Uint8Array;
}

/** Awaits connections of packets until it is closed. Throws the system's error. */
export function servePackets(options: PacketServerOptions): Disposable {
  const { domain, protocol, address, backlog, watch, onConnection } = options;
  const type = SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const fd = checked('socket', native().socket(domain, type, protocol));
  try {
    for (const { level, name, value } of options.options ?? []) setOption(fd, level, name, value);
    checked('bind', native().bind(fd, address, address.length));
    checked('listen', native().listen(fd, backlog));
    const accept = () => {
      for (let one = acceptOne(fd); one; one = acceptOne(fd)) {
        onConnection(new SystemPacketSocket(one.fd, watch), one.address);
      }
    };
    const unwatch = watch.add(fd, accept);
    return {
      [Symbol.dispose]() {
        unwatch();
        closeSync(fd);
      },
    };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** One that waits to be accepted; undefined: none, or one that has gone again. */
function acceptOne(fd: number) {
  const address = new Uint8Array(MAX_ADDRESS_BYTES);
  const length = new Uint8Array(Uint32Array.of(address.length).buffer);
  const accepted = native().accept(fd, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (accepted < 0) return undefined;
  setOption(
    accepted,
    SOL_SOCKET,
    SO_SNDBUF,
    new Uint8Array(Int32Array.of(SEND_BUFFER_BYTES).buffer),
  );
  return { fd: accepted, address: address.slice(0, new Uint32Array(length.buffer)[0]) };
}

class SystemPacketSocket implements PacketSocket {
  readonly #fd: number;
  readonly #unwatch: () => void;
  #listener: PacketListener | undefined;
  #isOpen = true;

  constructor(fd: number, watch: SocketWatch) {
    this.#fd = fd;
    this.#unwatch = watch.add(fd, () => this.#happened());
  }

  listen(listener: PacketListener): void {
    this.#listener = listener;
    // What came before is told only once.
    setImmediate(() => this.#happened());
  }

  send(packet: Uint8Array): boolean {
    if (!this.#isOpen) throw new Error('The connection is closed');
    if (native().send(this.#fd, packet, packet.length, MSG_NOSIGNAL) >= 0) return true;
    const error = lastSystemError('send');
    if (isWait(error)) return false;
    throw error;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#unwatch();
    closeSync(this.#fd);
  }

  #happened(): void {
    const listener = this.#listener;
    if (!listener) return;
    for (let count = 0; this.#isOpen; count += 1) {
      // Who never stops sending must not keep everybody else waiting.
      if (count === MAX_BURST) {
        setImmediate(() => this.#happened());
        return;
      }
      const packet = this.#read(listener);
      if (!packet) break;
      listener.packet(packet);
    }
    if (this.#isOpen) listener.writable();
  }

  /** Undefined when nothing waits, or at the end. */
  #read(listener: PacketListener): Uint8Array | undefined {
    const into = new Uint8Array(MAX_PACKET_BYTES);
    const bytes = native().recv(this.#fd, into, into.length, 0);
    if (bytes > 0) return into.subarray(0, bytes);
    const error = bytes < 0 ? lastSystemError('recv') : undefined;
    if (error && isWait(error)) return undefined;
    this.close();
    listener.closed(error);
    return undefined;
  }
}

function setOption(fd: number, level: number, name: number, value: Uint8Array): void {
  checked('setsockopt', native().setOption(fd, level, name, value, value.length));
}

function isWait(error: Error): boolean {
  return 'code' in error && (error.code === 'EAGAIN' || error.code === 'EINTR');
}

function checked(what: string, result: number): number {
  if (result < 0) throw lastSystemError(what);
  return result;
}
