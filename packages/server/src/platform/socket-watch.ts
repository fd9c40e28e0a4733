import { closeSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { lastSystemError, nativeFunction } from './libc.ts';

/** <sys/epoll.h> */
const EPOLL_CLOEXEC = 0o2_000_000;
const EPOLL_CTL_ADD = 1;
const EPOLLIN = 0x1;
const EPOLLOUT = 0x4;
const EPOLLRDHUP = 0x2000;
const EPOLLET = 0x8000_0000;
/** struct epoll_event: u32 events, u64 data; packed on x86 alone. */
const IS_PACKED = ['x64', 'ia32'].includes(process.arch);
const EVENT_BYTES = IS_PACKED ? 12 : 16;
const DATA_AT = IS_PACKED ? 4 : 8;
/** <sys/eventfd.h> */
const EFD_CLOEXEC = 0o2_000_000;
/** What the thread ends at. */
const END_ID = 0;

/**
 * Waits in a thread of its own, and says when there is something to do: kinds of sockets that Node does
 * not know it cannot wait for, and one of its four shared threads would be missed by everybody else. It
 * is plain JavaScript, as nothing else can be loaded both from sources and from the bundle.
 */
const THREAD = `
const { parentPort, workerData } = require('node:worker_threads');
const { koffi, epoll, maxWaitMs, eventBytes, dataAt, endId } = workerData;
const wait = require(koffi).load(null).func('int epoll_wait(int fd, void *into, int max, int timeoutMs)');
const events = new Uint8Array(32 * eventBytes);
const view = new DataView(events.buffer);
for (let isOver = false; !isOver; ) {
  const count = wait(epoll, events, 32, maxWaitMs);
  const ids = [];
  for (let index = 0; index < count; index += 1) {
    ids.push(view.getUint32(index * eventBytes + dataAt, true));
  }
  isOver = ids.includes(endId);
  if (ids.length > 0) parentPort.postMessage(ids);
}
`;

/** Something that happens to a descriptor. */
type Listener = () => void;

/**
 * Tells of descriptors when they have become readable or writable, or have ended: once for each change,
 * so that a listener must do all that can be done. Needs the optional koffi.
 */
export class SocketWatch implements AsyncDisposable {
  readonly #epoll: number;
  readonly #end: number;
  readonly #thread: Worker;
  readonly #exited: Promise<unknown>;
  /** By numbers that are used once: what was told of a closed descriptor must not reach another. */
  readonly #listeners = new Map<number, Listener>();
  #lastId = END_ID;

  /** The thread looks up after `maxWaitMs` at the latest: so long a sudden end of the process takes. */
  constructor(maxWaitMs: number) {
    this.#epoll = checked('epoll_create1', 'int epoll_create1(int flags)', EPOLL_CLOEXEC);
    this.#end = checked('eventfd', 'int eventfd(unsigned int value, int flags)', 0, EFD_CLOEXEC);
    this.#add(this.#end, END_ID);
    this.#thread = new Worker(THREAD, {
      eval: true,
      workerData: {
        koffi: createRequire(import.meta.url).resolve('koffi'),
        ...{ epoll: this.#epoll, maxWaitMs: Math.ceil(maxWaitMs) },
        ...{ eventBytes: EVENT_BYTES, dataAt: DATA_AT, endId: END_ID },
      },
    });
    this.#thread.on('message', (ids: readonly number[]) => {
      for (const id of ids) this.#listeners.get(id)?.();
    });
    this.#exited = new Promise((resolve) => this.#thread.once('exit', resolve));
  }

  /** Calls `listener` from now on; it ends with the result, before the descriptor is closed. */
  add(fd: number, listener: Listener): () => void {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#listeners.set(id, listener);
    this.#add(fd, id);
    return () => this.#listeners.delete(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listeners.clear();
    writeSync(this.#end, new Uint8Array(BigUint64Array.of(1n).buffer));
    await this.#exited;
    closeSync(this.#end);
    closeSync(this.#epoll);
  }

  #add(fd: number, id: number): void {
    const event = new DataView(new ArrayBuffer(EVENT_BYTES));
    const what = EPOLLIN | (fd === this.#end ? 0 : EPOLLOUT | EPOLLRDHUP | EPOLLET);
    event.setUint32(0, what >>> 0, true);
    event.setUint32(DATA_AT, id, true);
    const declaration = 'int epoll_ctl(int epoll, int operation, int fd, void *event)';
    const bytes = new Uint8Array(event.buffer);
    checked('epoll_ctl', declaration, this.#epoll, EPOLL_CTL_ADD, fd, bytes);
  }
}

function checked(what: string, declaration: string, ...args: readonly unknown[]): number {
  const result = nativeFunction(declaration)(...args);
  if (result < 0) throw lastSystemError(what);
  return result;
}
