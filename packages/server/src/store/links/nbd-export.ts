import { listenUnix, type UnixServer } from '../../platform/unix-server.ts';
import type { Socket } from '../../platform/unix-socket.ts';
import { type NbdRead, NbdServer } from '../../protocols/nbd/server.ts';
import { NBD_ERROR } from '../../protocols/nbd/wire.ts';
import { BLOCK_BYTES, type ReadBytes } from './block-cache.ts';

/** Bytes that are read for a client at once, or wait for it: one read may be longer. */
const MAX_BYTES = 8 * 1024 * 1024;

/** What is exported. */
export interface NbdExportOptions {
  /** Of the unix socket, which only this user can open. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Bytes within; a rejection is an I/O error for the client. */
  readonly read: ReadBytes;
  /** Nobody is connected any more. */
  readonly onIdle: () => void;
}

/** Bytes as a read-only NBD export on a unix socket, for any number of clients. */
export class NbdExport {
  readonly #options: NbdExportOptions;
  #server: UnixServer | undefined;
  #clients = 0;

  private constructor(options: NbdExportOptions) {
    this.#options = options;
  }

  /** Listens; rejects with the system's error. */
  static async listen(options: NbdExportOptions): Promise<NbdExport> {
    const made = new NbdExport(options);
    made.#server = await listenUnix(options.path, (socket) => made.#accept(socket));
    return made;
  }

  /** How many are connected. */
  get clients(): number {
    return this.#clients;
  }

  /** Ends all connections and removes the socket. */
  async close(): Promise<void> {
    await this.#server?.close();
  }

  #accept(socket: Socket): void {
    const { sizeBytes, read, onIdle } = this.#options;
    this.#clients += 1;
    socket.once('close', () => {
      this.#clients -= 1;
      if (this.#clients === 0) onIdle();
    });
    new NbdConnection(socket, sizeBytes, read);
  }
}

/** One client: its reads run at the same time as long as they are not too much together. */
class NbdConnection {
  readonly #socket: Socket;
  readonly #read: ReadBytes;
  readonly #nbd: NbdServer;
  readonly #waiting: NbdRead[] = [];
  #reading = 0;

  constructor(socket: Socket, sizeBytes: number, read: ReadBytes) {
    this.#socket = socket;
    this.#read = read;
    this.#nbd = new NbdServer(
      {
        send: (bytes) => void socket.write(bytes),
        read: (request) => this.#waiting.push(request),
        end: () => socket.end(),
      },
      { sizeBytes, preferredBytes: BLOCK_BYTES },
    );
    socket.on('drain', () => this.#work());
    socket.on('data', (bytes: Uint8Array) => {
      try {
        this.#nbd.push(bytes);
      } catch {
        // Whoever it is does not speak NBD.
        socket.destroy();
      }
      this.#work();
    });
  }

  #work(): void {
    while (!this.#socket.destroyed) {
      const [next] = this.#waiting;
      const busy = this.#reading + this.#socket.writableLength;
      if (!next || (busy > 0 && busy + next.length > MAX_BYTES)) break;
      this.#waiting.shift();
      this.#reading += next.length;
      void this.#answer(next);
    }
    // What waits is little; what would wait with it may be much.
    if (this.#waiting.length > 0) this.#socket.pause();
    else this.#socket.resume();
  }

  async #answer(request: NbdRead): Promise<void> {
    try {
      const bytes = await this.#read(request.offset, request.length);
      if (!this.#socket.destroyed) this.#nbd.reply(request, bytes);
    } catch {
      // The state of the source tells why.
      if (!this.#socket.destroyed) this.#nbd.refuse(request.cookie, NBD_ERROR.io);
    } finally {
      this.#reading -= request.length;
      this.#work();
    }
  }
}
