import { ApiError } from './api-error.ts';

/** What the client needs of a WebSocket: the browser's has it, and the one of `ws`. */
export interface SocketLike {
  binaryType: string;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(): void;
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

/** What comes over a socket until it closes or the reader stops; reconnecting is the reader's matter. */
export interface SocketStream<T> extends AsyncIterable<T> {
  /** Resolves when it is connected; rejects when it cannot be. */
  readonly opened: Promise<void>;
  close(): void;
}

/** Reads a socket; a message that `parse` has no value for is skipped. */
export function streamOf<T>(
  socket: SocketLike,
  parse: (data: unknown) => T | undefined,
): SocketStream<T> {
  const queue: T[] = [];
  let isClosed = false;
  let wake = () => {};
  const opened = new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', resolve);
    const failed = () => {
      isClosed = true;
      wake();
      reject(new ApiError('HttpError', 0, 'The connection was refused or lost'));
    };
    socket.addEventListener('error', failed);
    socket.addEventListener('close', failed);
  });
  // A reader that only iterates sees the end of the iteration instead.
  opened.catch(() => undefined);
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('message', ({ data }) => {
    const value = parse(data);
    if (value === undefined) return;
    queue.push(value);
    wake();
  });
  return {
    opened,
    close: () => socket.close(),
    async *[Symbol.asyncIterator]() {
      try {
        while (true) {
          for (let next = queue.shift(); next !== undefined; next = queue.shift()) yield next;
          if (isClosed) return;
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      } finally {
        socket.close();
      }
    },
  };
}
