import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** An answer as it came; header names are lower case, the first of repeated ones counts. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** Whether the server says that it closes after it. */
  readonly closes: boolean;
}

const HEAD_END = '\r\n\r\n';

/** One connection that is kept, which sends bytes as they are: no client of Node tidies them up. */
export class RawHttp {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #isClosed = false;
  #wake = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (piece: Buffer) => {
      this.#received = this.#received.length ? Buffer.concat([this.#received, piece]) : piece;
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  static async open(port: number): Promise<RawHttp> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new RawHttp(socket);
  }

  /** Sends one request; rejects when the connection ends before its answer does. */
  async ask(request: Buffer, { hasBody = true } = {}): Promise<RawAnswer> {
    this.#socket.write(request);
    let head = await this.#head();
    // What comes before the answer (100 Continue) is none.
    while (head.status < 200) head = await this.#head();
    const { status, headers } = head;
    const closes = headers.get('connection')?.toLowerCase() === 'close';
    const body = hasBody && status !== 204 ? await this.#body(headers, closes) : Buffer.alloc(0);
    return { status, headers, body, closes };
  }

  close(): void {
    this.#socket.destroy();
  }

  async #head(): Promise<{ status: number; headers: ReadonlyMap<string, string> }> {
    const text = (await this.#until(HEAD_END)).toString('latin1');
    const [first = '', ...lines] = text.split('\r\n');
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1];
    if (status === undefined) throw new Error(`Not an answer of HTTP: ${first}`);
    const headers = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).toLowerCase();
      if (!headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
    }
    return { status: Number(status), headers };
  }

  async #body(headers: ReadonlyMap<string, string>, closes: boolean): Promise<Buffer> {
    const length = headers.get('content-length');
    if (length !== undefined) return this.#take(Number(length));
    if (headers.get('transfer-encoding') === 'chunked') {
      const pieces: Buffer[] = [];
      while (true) {
        const size = Number.parseInt((await this.#until('\r\n')).toString('latin1'), 16);
        const piece = await this.#take(size);
        await this.#until('\r\n');
        if (size === 0) return Buffer.concat(pieces);
        pieces.push(piece);
      }
    }
    if (!closes) throw new Error('An answer without an end');
    await this.#while(() => !this.#isClosed);
    return this.#received;
  }

  /** What comes before a mark, which is dropped. */
  async #until(mark: string): Promise<Buffer> {
    await this.#more(() => this.#received.includes(mark));
    const at = this.#received.indexOf(mark);
    const before = this.#received.subarray(0, at);
    this.#received = this.#received.subarray(at + mark.length);
    return before;
  }

  async #take(length: number): Promise<Buffer> {
    await this.#more(() => this.#received.length >= length);
    const taken = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return taken;
  }

  async #more(isEnough: () => boolean): Promise<void> {
    await this.#while(() => !isEnough() && !this.#isClosed);
    if (!isEnough()) {
      throw new Error(`The server closed in the middle: "${this.#received.toString('latin1')}"`);
    }
  }

  async #while(isNeeded: () => boolean): Promise<void> {
    while (isNeeded()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
