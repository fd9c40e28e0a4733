import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';

/** A format of /api/media/ws. */
export type Format = 'jpeg' | 'tiles' | 'h264';

/** Who watches: what came is counted, and its newest picture is kept. */
export interface Viewer {
  /** Messages or parts so far. */
  readonly count: number;
  readonly newest: Buffer;
  /** Stops and starts reading. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** One who watches over a WebSocket. */
export class MediaViewer implements Viewer {
  count = 0;
  newest: Buffer = Buffer.alloc(0);
  readonly socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer, isBinary) => {
      if (!isBinary) return;
      this.count += 1;
      this.newest = data;
    });
  }

  static async open(url: string, cookie: string, format: Format): Promise<MediaViewer> {
    const address = `${url.replace('http', 'ws')}/api/media/ws`;
    const viewer = new MediaViewer(new WebSocket(address, { headers: { cookie } }));
    await once(viewer.socket, 'open');
    const event = { type: 'video', format };
    viewer.socket.send(JSON.stringify({ event_type: 'start', event }));
    return viewer;
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  close(): void {
    this.socket.terminate();
  }
}

const HEAD = /Content-Length: (\d+)\r\n[\s\S]*?\r\n\r\n/;

/** One who watches MJPEG, with all headers. */
export class MjpegViewer implements Viewer {
  count = 0;
  newest: Buffer = Buffer.alloc(0);
  /** Of the newest picture. */
  head = '';
  readonly socket: Socket;
  #data: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
  }

  static async open(url: string, cookie: string, query = ''): Promise<MjpegViewer> {
    const { port, hostname } = new URL(url);
    const socket = connect(Number(port), hostname);
    const path = `/streamer/stream?extra_headers=1&${query}`;
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nCookie: ${cookie}\r\n\r\n`);
    await once(socket, 'connect');
    return new MjpegViewer(socket);
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  close(): void {
    this.socket.destroy();
  }

  #take(bytes: Buffer): void {
    this.#data = Buffer.concat([this.#data, bytes]);
    for (;;) {
      const head = HEAD.exec(this.#data.subarray(0, 4096).toString('latin1'));
      const start = head ? head.index + head[0].length : 0;
      const end = start + Number(head?.[1]);
      if (!head || this.#data.length < end) return;
      this.head = head[0];
      this.newest = this.#data.subarray(start, end);
      this.count += 1;
      this.#data = this.#data.subarray(end);
    }
  }
}
