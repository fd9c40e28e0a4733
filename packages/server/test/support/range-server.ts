import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What a web server may do with a request for a part, instead of giving it. */
export type Misbehaviour =
  /** Closes the connection after some bytes. */
  | 'cut'
  /** Sends some bytes, then nothing. */
  | 'stall'
  /** Gives the part that comes after. */
  | 'shift'
  /** Says what was asked for, and sends one byte more. */
  | 'long'
  /** Gives the whole file. */
  | 'whole'
  /** Says that it packs. */
  | 'pack'
  | 404
  | 503;

/** A web server with one file, which gives parts of it as RFC 9110 has it, or does what a test says. */
export class RangeServer {
  /** The file. */
  bytes: Buffer;
  etag: string | undefined = '"1"';
  lastModified: string | undefined;
  /** For all requests from now on. */
  misbehaviour: Misbehaviour | undefined;
  /** Parts that were asked for, as in the header. */
  readonly ranges: string[] = [];
  /** User and password that it wants, in Basic's form. */
  authorization: string | undefined;
  #port = 0;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/a/image.iso`;
  }

  /** Listens, on the same port as before. */
  async start(): Promise<this> {
    const server = createServer((request, response) => this.#answer(request, response));
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    return this;
  }

  /** Ends at once, as a kill would. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { range = '', authorization, 'if-range': condition } = request.headers;
    this.ranges.push(range);
    if (this.authorization !== undefined && authorization !== this.authorization) {
      response.writeHead(401).end();
      return;
    }
    const how = this.misbehaviour;
    if (typeof how === 'number') {
      response.writeHead(how).end();
      return;
    }
    const validators = {
      ...(this.etag === undefined ? {} : { etag: this.etag }),
      ...(this.lastModified === undefined ? {} : { 'last-modified': this.lastModified }),
    };
    const isSame =
      condition === undefined || condition === this.etag || condition === this.lastModified;
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
    if (from === undefined || !isSame || how === 'whole') {
      response.writeHead(200, { ...validators, 'content-length': this.bytes.length });
      response.end(this.bytes);
      return;
    }
    const shift = how === 'shift' ? 1 : 0;
    const first = Number(from) + shift;
    const last = Math.min(Number(to) + shift, this.bytes.length - 1);
    const part = this.bytes.subarray(first, last + 1);
    response.writeHead(206, {
      ...validators,
      'content-range': `bytes ${first}-${last}/${this.bytes.length}`,
      ...(how === 'long' ? {} : { 'content-length': part.length }),
      ...(how === 'pack' ? { 'content-encoding': 'gzip' } : {}),
    });
    const some = part.subarray(0, Math.floor(part.length / 2));
    if (how === 'cut') response.write(some, () => response.destroy());
    else if (how === 'stall') response.write(some);
    else if (how === 'long') response.end(Buffer.concat([part, Buffer.from('x')]));
    else response.end(part);
  }
}
