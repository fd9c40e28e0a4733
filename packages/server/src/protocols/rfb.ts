import { ENCODING, RFB_LIMITS, RfbError, setEncodings, setPixelFormat } from './rfb-messages.ts';

/** A rectangle of the remote screen in px. */
export interface RfbRect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What the parser tells; all calls are made from within `push`. */
export interface RfbSink {
  /** These bytes must be sent. */
  send(bytes: Uint8Array): void;
  /**
   * The screen has this size now (first after the handshake, then on each change). The answer is
   * where pixels go, width * height * 4 bytes BGRX, or undefined to throw them away.
   */
  resized(width: number, height: number): Uint8Array | undefined;
  /** An update begins. */
  updateBegin(): void;
  /** These pixels are complete in the framebuffer. */
  rect(rect: RfbRect): void;
  /** The update is complete; the next one may be requested. */
  updateEnd(): void;
  /** LED state, bits of RFB_LED. */
  leds(mask: number): void;
}

const VERSION = 'RFB 003.008\n';
const SECURITY_NONE = 1;
const BYTES_PER_PIXEL = 4;
const ascii = new TextDecoder('latin1');
const encodeText = new TextEncoder();

type Step = (bytes: Uint8Array, view: DataView) => void;

/**
 * The client's side of RFB 3.8 (RFC 6143) as QEMU's VNC server speaks it on a unix socket: no
 * authentication, raw pixels, DesktopSize and LED state. Bytes in, calls out; any split of the
 * input gives the same calls. Throws nothing but RfbError, after which it must not be used.
 */
export class RfbClient {
  readonly #sink: RfbSink;
  /** Collects the fixed-size item that is being read. */
  #item = new Uint8Array(64);
  #filled = 0;
  #wanted = 0;
  #step: Step = () => {};
  /** Bytes that are read over, and what comes after them. */
  #skip = 0;
  #afterSkip: () => void = () => {};
  #width = 0;
  #height = 0;
  #framebuffer: Uint8Array | undefined;
  #rectsLeft = 0;
  /** The raw rectangle that is being read, and how many of its bytes have come. */
  #raw: RfbRect | undefined;
  #rawBytes = 0;

  constructor(sink: RfbSink) {
    this.#sink = sink;
    this.#expect(12, (bytes) => this.#version(bytes));
  }

  /** Where pixels go from now on; undefined throws them away. */
  setFramebuffer(framebuffer: Uint8Array | undefined): void {
    this.#framebuffer = this.#checked(framebuffer);
  }

  /** Reads a chunk completely. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#raw) at += this.#pixels(this.#raw, chunk, at);
      else if (this.#skip > 0) at += this.#skipBytes(chunk.length - at);
      else at += this.#collect(chunk, at);
    }
  }

  #expect(bytes: number, step: Step): void {
    if (bytes > this.#item.length) this.#item = new Uint8Array(bytes);
    this.#wanted = bytes;
    this.#filled = 0;
    this.#step = step;
  }

  #expectSkip(bytes: number, after: () => void): void {
    this.#skip = bytes;
    this.#afterSkip = after;
    if (bytes === 0) after();
  }

  #collect(chunk: Uint8Array, at: number): number {
    const taken = Math.min(this.#wanted - this.#filled, chunk.length - at);
    this.#item.set(chunk.subarray(at, at + taken), this.#filled);
    this.#filled += taken;
    if (this.#filled === this.#wanted) {
      const bytes = this.#item.subarray(0, this.#wanted);
      this.#step(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
    }
    return taken;
  }

  #skipBytes(available: number): number {
    const taken = Math.min(this.#skip, available);
    this.#skip -= taken;
    if (this.#skip === 0) this.#afterSkip();
    return taken;
  }

  // Handshake (7.1 to 7.3)

  #version(bytes: Uint8Array): void {
    const match = /^RFB (\d{3})\.(\d{3})\n$/.exec(ascii.decode(bytes));
    if (!match) throw new RfbError('The other side does not speak RFB');
    if (Number(match[1]) < 3 || (Number(match[1]) === 3 && Number(match[2]) < 8)) {
      throw new RfbError(`The VNC server speaks only RFB ${match[1]}.${match[2]}, 3.8 is needed`);
    }
    this.#sink.send(encodeText.encode(VERSION));
    this.#expect(1, ([count = 0]) => {
      if (count === 0) this.#refusal();
      else this.#expect(count, (types) => this.#security(types));
    });
  }

  #security(types: Uint8Array): void {
    if (!types.includes(SECURITY_NONE)) {
      throw new RfbError(`The VNC server wants authentication (types ${[...types].join(', ')})`);
    }
    this.#sink.send(Uint8Array.of(SECURITY_NONE));
    this.#expect(4, (_, view) => {
      if (view.getUint32(0) !== 0) {
        this.#refusal();
        return;
      }
      const shared = 1;
      this.#sink.send(Uint8Array.of(shared));
      this.#expect(24, (_bytes, init) => this.#serverInit(init));
    });
  }

  #refusal(): void {
    this.#expect(4, (_, view) => {
      const length = view.getUint32(0);
      if (length === 0 || length > RFB_LIMITS.reasonBytes) {
        throw new RfbError('The VNC server refused the connection');
      }
      this.#expect(length, (reason) => {
        throw new RfbError(`The VNC server refused the connection: ${ascii.decode(reason)}`);
      });
    });
  }

  #serverInit(view: DataView): void {
    const nameBytes = view.getUint32(20);
    if (nameBytes > RFB_LIMITS.nameBytes) throw new RfbError('The desktop name is too long');
    const width = view.getUint16(0);
    const height = view.getUint16(2);
    this.#expectSkip(nameBytes, () => {
      this.#sink.send(setPixelFormat());
      this.#sink.send(setEncodings([ENCODING.raw, ENCODING.desktopSize, ENCODING.ledState]));
      this.#resize(width, height);
      this.#expectMessage();
    });
  }

  // Server messages (7.6)

  #expectMessage(): void {
    this.#expect(1, ([type]) => {
      switch (type) {
        case 0:
          this.#expect(3, (_, view) => this.#update(view.getUint16(1)));
          break;
        case 1:
          this.#expect(5, (_, view) => {
            this.#expectSkip(view.getUint16(3) * 6, () => this.#expectMessage());
          });
          break;
        case 2:
          this.#expectMessage();
          break;
        case 3:
          this.#expect(7, (_, view) => this.#cutText(view.getUint32(3)));
          break;
        default:
          throw new RfbError(`The VNC server sent an unknown message type ${type}`);
      }
    });
  }

  #cutText(length: number): void {
    if (length > RFB_LIMITS.cutTextBytes) throw new RfbError('The clipboard text is too long');
    this.#expectSkip(length, () => this.#expectMessage());
  }

  #update(rects: number): void {
    this.#rectsLeft = rects;
    this.#sink.updateBegin();
    this.#nextRect();
  }

  #nextRect(): void {
    if (this.#rectsLeft === 0) {
      this.#expectMessage();
      this.#sink.updateEnd();
      return;
    }
    this.#rectsLeft -= 1;
    this.#expect(12, (_, view) => this.#rectHeader(view));
  }

  /** `x y width height: u16 | encoding: i32` */
  #rectHeader(view: DataView): void {
    const x = view.getUint16(0);
    const y = view.getUint16(2);
    const width = view.getUint16(4);
    const height = view.getUint16(6);
    const encoding = view.getInt32(8);
    switch (encoding) {
      case ENCODING.raw:
        this.#rawRect({ x, y, width, height });
        break;
      case ENCODING.desktopSize:
        this.#resize(width, height);
        this.#nextRect();
        break;
      case ENCODING.ledState:
        this.#expect(1, ([mask = 0]) => {
          this.#sink.leds(mask);
          this.#nextRect();
        });
        break;
      default:
        throw new RfbError(`The VNC server used encoding ${encoding}, which was not offered`);
    }
  }

  #rawRect(rect: RfbRect): void {
    if (rect.x + rect.width > this.#width || rect.y + rect.height > this.#height) {
      throw new RfbError('The VNC server sent pixels outside the screen');
    }
    if (rect.width === 0 || rect.height === 0) {
      this.#nextRect();
      return;
    }
    this.#raw = rect;
    this.#rawBytes = 0;
  }

  /** Copies what the chunk has of a raw rectangle, row by row; tells how many bytes that were. */
  #pixels(rect: RfbRect, chunk: Uint8Array, start: number): number {
    const rowBytes = rect.width * BYTES_PER_PIXEL;
    const total = rowBytes * rect.height;
    const available = Math.min(total - this.#rawBytes, chunk.length - start);
    const end = start + available;
    if (this.#framebuffer) {
      let at = start;
      while (at < end) {
        const row = Math.floor(this.#rawBytes / rowBytes);
        const column = this.#rawBytes % rowBytes;
        const count = Math.min(rowBytes - column, end - at);
        const to = ((rect.y + row) * this.#width + rect.x) * BYTES_PER_PIXEL + column;
        this.#framebuffer.set(chunk.subarray(at, at + count), to);
        this.#rawBytes += count;
        at += count;
      }
    } else {
      this.#rawBytes += available;
    }
    if (this.#rawBytes === total) {
      this.#raw = undefined;
      this.#sink.rect(rect);
      this.#nextRect();
    }
    return available;
  }

  #resize(width: number, height: number): void {
    if (width > RFB_LIMITS.width || height > RFB_LIMITS.height) {
      throw new RfbError(`A screen of ${width}x${height} px is too large`);
    }
    this.#width = width;
    this.#height = height;
    this.#framebuffer = undefined;
    this.#framebuffer = this.#checked(this.#sink.resized(width, height));
  }

  #checked(framebuffer: Uint8Array | undefined): Uint8Array | undefined {
    if (framebuffer && framebuffer.length < this.#width * this.#height * BYTES_PER_PIXEL) {
      throw new RfbError('The framebuffer is smaller than the screen');
    }
    return framebuffer;
  }
}
