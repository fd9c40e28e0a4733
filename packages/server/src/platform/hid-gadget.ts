import { spawn } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { dyingWithUs } from './dying-with-us.ts';
import { lastSystemError, nativeFunction } from './libc.ts';

/** Our end of one function of a HID gadget, e.g. /dev/hidg0. Errors are the system's. */
export interface HidGadgetFile {
  /** Gives one report to the host; throws EAGAIN while it has not fetched the one before. */
  write(report: Uint8Array): void;
  /** Resolves when a report may be written, at the latest after `ms`. */
  writable(ms: number): Promise<void>;
  close(): void;
}

/** What the driver of a HID gadget needs of the system. */
export interface HidGadgetCalls {
  /** Opens a function for writing. */
  open(path: string): HidGadgetFile;
  /**
   * Follows the output reports of a function; bytes may be joined. The result ends that; `onEnd` is
   * called when it ended by itself, with an error when it could not begin.
   */
  follow(
    path: string,
    onBytes: (bytes: Uint8Array) => void,
    onEnd: (error?: Error) => void,
  ): () => void;
}

const POLLOUT = 4;
/** struct pollfd: int fd, short events, short revents. */
const POLLFD_BYTES = 8;
// Node would wait for bytes of such a device in one of its four threads, and could not be told to
// stop; a child waits alone. It must not outlive us: it would take a report from who comes next.
const READER = dyingWithUs(['cat'], 'KILL');

/** The calls of this system. */
export const SYSTEM_HID_GADGET_CALLS: HidGadgetCalls = {
  open(path) {
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    const fd = openSync(path, O_WRONLY | O_NONBLOCK | O_NOCTTY);
    return {
      write(report) {
        const written = writeSync(fd, report);
        if (written !== report.length) throw new Error(`${path} took half a report`);
      },
      writable: (ms) => pollOut(fd, ms),
      close: () => closeSync(fd),
    };
  },

  follow(path, onBytes, onEnd) {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOCTTY);
    const [program, ...args] = READER;
    const child = spawn(program, args, { stdio: [fd, 'pipe', 'ignore'] });
    closeSync(fd);
    let isOver = false;
    const end = (error?: Error) => {
      if (!isOver) onEnd(error);
      isOver = true;
    };
    child.stdout?.on('data', (bytes: Uint8Array) => {
      if (!isOver) onBytes(bytes);
    });
    child.once('error', end);
    child.once('close', () => end());
    return () => {
      isOver = true;
      child.kill('SIGKILL');
    };
  },
};

function pollOut(fd: number, ms: number): Promise<void> {
  const poll = nativeFunction('int poll(void *fds, unsigned long count, int timeoutMs)');
  const waiting = new DataView(new ArrayBuffer(POLLFD_BYTES));
  waiting.setInt32(0, fd, true);
  waiting.setInt16(4, POLLOUT, true);
  return new Promise((resolve, reject) => {
    const data = new Uint8Array(waiting.buffer);
    poll.async(data, 1, Math.ceil(ms), (error: unknown, result: number) => {
      if (error) reject(error);
      else if (result < 0) reject(lastSystemError('poll'));
      else resolve();
    });
  });
}
