import { randomBytes } from 'node:crypto';
import { targetOf, Wire } from './connection.mjs';
import { fill } from './template.mjs';

const FOREVER = Number.MAX_SAFE_INTEGER;
const NAMES = { 2: 'binary_hex', 9: 'ping', 10: 'pong' };

/** A WebSocket client that shows frames as the recordings have them. */
export class Socket {
  frames = [];
  #wire;
  #autopong;

  static async open(target, given, values, options = {}) {
    const self = new Socket();
    self.#wire = await Wire.open(target.base, options.asRoot);
    self.#autopong = given.autopong !== false;
    const headers = Object.entries(given.headers ?? {});
    const lines = headers.map(([name, value]) => `${name}: ${fill(value, values)}\r\n`).join('');
    self.#wire.socket.write(
      `GET ${targetOf(given, target.prefix, values)} HTTP/1.1\r\nHost: localhost\r\n` +
        'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n${lines}\r\n`,
    );
    const deadline = Date.now() + 10_000;
    const head = (await self.#wire.head(deadline)) ?? { closed: true, headers: {} };
    Object.assign(self, head);
    if (self.status === 101) {
      void self.#pump();
    } else {
      self.body = await self.#wire.take(Number(head.headers['content-length'] ?? 0), deadline);
      self.destroy();
    }
    return self;
  }

  /** The frames since the last time. */
  take() {
    const frames = this.frames;
    this.frames = [];
    return frames;
  }

  send(opcode, data, fin = true) {
    const size = data.length;
    const mask = randomBytes(4);
    const head = Buffer.alloc(size < 126 ? 2 : size < 65_536 ? 4 : 10);
    head[0] = (fin ? 0x80 : 0) | opcode;
    head[1] = 0x80 | (size < 126 ? size : size < 65_536 ? 126 : 127);
    if (head.length === 4) head.writeUInt16BE(size, 2);
    if (head.length === 10) head.writeBigUInt64BE(BigInt(size), 2);
    const masked = Buffer.from(data);
    for (let at = 0; at < size; at++) masked[at] ^= mask[at & 3];
    this.sendRaw(Buffer.concat([head, mask, masked]));
  }

  sendRaw(bytes) {
    if (!this.#wire.socket.destroyed) this.#wire.socket.write(bytes);
  }

  destroy() {
    this.#wire.socket.destroy();
  }

  async #pump() {
    for (let frame = await this.#read(); frame; frame = await this.#read()) this.frames.push(frame);
    this.frames.push({ eof: true });
  }

  async #read() {
    const head = await this.#wire.take(2, FOREVER);
    if (head.length < 2) return undefined;
    const opcode = head[0] & 15;
    let size = head[1] & 127;
    if (size === 126) size = (await this.#wire.take(2, FOREVER)).readUInt16BE();
    else if (size === 127) size = Number((await this.#wire.take(8, FOREVER)).readBigUInt64BE());
    const data = await this.#wire.take(size, FOREVER);
    if (data.length < size) return undefined;
    if (opcode === 1) return JSON.parse(data.toString());
    if (opcode === 8) return { close: size >= 2 ? data.readUInt16BE() : null };
    if (opcode === 9 && this.#autopong) this.send(10, data);
    return { [NAMES[opcode] ?? `op${opcode}`]: data.toString('hex') };
  }
}
