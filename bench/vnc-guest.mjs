import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

export const [WIDTH, HEIGHT] = [1920, 1080];
/** The number of a picture: so many cells of so many px at the top left, white for 1. */
export const CODE = { bits: 16, cell: 16 };

/** A QEMU that says "running" and takes everything; its screen is a `VncGuest`. */
export async function serveQmp(path) {
  const server = createServer((socket) => {
    socket.write('{"QMP": {"version": {}, "capabilities": []}}\r\n');
    createInterface({ input: socket }).on('line', (line) => {
      const { execute, id } = JSON.parse(line);
      const answer = execute === 'query-status' ? { status: 'running' } : {};
      socket.write(`${JSON.stringify({ return: answer, id })}\r\n`);
    });
    socket.on('error', () => undefined);
  }).listen(path);
  await once(server, 'listening');
  return server;
}

const rectangle = ({ x, y, width, height, pixels }) => {
  const head = Buffer.alloc(12);
  for (const [index, each] of [x, y, width, height].entries()) head.writeUInt16BE(each, index * 2);
  return [head, pixels];
};

/** A screen whose pictures have numbers: it knows when each was made (RFC 6143). */
export class VncGuest {
  /** When each number was there to be fetched, ms since 1970. */
  madeMs = new Map();
  #number = 0;
  #waiting;
  #socket;
  #waits = false;

  async listen(path) {
    const server = createServer((socket) => this.#serve(socket)).listen(path);
    await once(server, 'listening');
    return server;
  }

  /** A new picture: the next number, and a window of noise of this width where told. */
  change(windowWidth = 0) {
    this.#number = (this.#number + 1) % 65_536;
    const { bits, cell } = CODE;
    const pixels = Buffer.alloc(bits * cell * cell * 4);
    for (let at = 0; at < pixels.length; at += 4) {
      const bit = Math.floor(((at / 4) % (bits * cell)) / cell);
      pixels.fill((this.#number >> bit) & 1 ? 255 : 0, at, at + 4);
    }
    const changed = [{ x: 0, y: 0, width: bits * cell, height: cell, pixels }];
    if (windowWidth > 0) changed.push(motion(windowWidth, this.#number));
    this.#waiting = changed;
    this.madeMs.set(this.#number, performance.timeOrigin + performance.now());
    this.#send();
  }

  #serve(socket) {
    this.#socket = socket;
    this.#waits = false;
    let [phase, got] = [0, Buffer.alloc(0)];
    socket.on('error', () => undefined);
    socket.write('RFB 003.008\n');
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk]);
      for (;;) {
        const used = phase < 3 ? this.#handshake(phase, got) : this.#message(got);
        if (used === 0) return;
        if (phase < 3) phase++;
        got = got.subarray(used);
      }
    });
  }

  #handshake(phase, got) {
    const needed = [12, 1, 1][phase];
    if (got.length < needed) return 0;
    if (phase === 0) this.#socket.write(Buffer.from([1, 1]));
    if (phase === 1) this.#socket.write(Buffer.alloc(4));
    if (phase === 2) {
      const init = Buffer.alloc(24);
      init.writeUInt16BE(WIDTH, 0);
      init.writeUInt16BE(HEIGHT, 2);
      Buffer.from([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0]).copy(init, 4);
      this.#socket.write(init);
    }
    return needed;
  }

  #message(got) {
    if (got.length < 1) return 0;
    const sizes = { 0: 20, 3: 10, 4: 8, 5: 6, 6: 8 };
    if (got[0] === 2) {
      const size = got.length < 4 ? 4 : 4 + got.readUInt16BE(2) * 4;
      return got.length < size ? 0 : size;
    }
    const size = sizes[got[0]] ?? got.length;
    if (got.length < size) return 0;
    if (got[0] === 3) {
      if (got[1] === 0) {
        const pixels = Buffer.alloc(WIDTH * HEIGHT * 4, 40);
        this.#write([{ x: 0, y: 0, width: WIDTH, height: HEIGHT, pixels }]);
      }
      this.#waits = true;
      this.#send();
    }
    return size;
  }

  #send() {
    if (!this.#waits || !this.#waiting) return;
    this.#waits = false;
    this.#write(this.#waiting);
    this.#waiting = undefined;
  }

  #write(rectangles) {
    const head = Buffer.alloc(4);
    head.writeUInt16BE(rectangles.length, 2);
    this.#socket.write(Buffer.concat([head, ...rectangles.flatMap(rectangle)]));
  }
}

/** A window of coarse blocks in the middle that moves from number to number. */
function motion(width, number) {
  const height = Math.round((width * 9) / 16);
  const row = Buffer.alloc(width * 4);
  const pixels = Buffer.alloc(width * height * 4);
  for (let y = 0; y < height; y++) {
    if (y % 8 === 0) {
      for (let x = 0; x < width; x++) {
        const block = (Math.floor((x + number * 4) / 8) * 73 + y * 151) % 251;
        row.writeUInt32LE(block * 0x010203, x * 4);
      }
    }
    row.copy(pixels, y * width * 4);
  }
  return { x: (WIDTH - width) >> 1, y: (HEIGHT - height) >> 1, width, height, pixels };
}
