import { readCopyRect } from './copy-rect.ts';
import { type HandshakePort, readHandshake } from './handshake.ts';
import { readHextile } from './hextile.ts';
import { RFB_LIMITS, RfbError } from './limits.ts';
import { ENCODING, setEncodings, setPixelFormat } from './messages.ts';
import { QEMU_MESSAGE, type RfbAudioSink, readAudio } from './qemu-audio.ts';
import { readRaw } from './raw.ts';
import { ByteReader, type Reading, skip, viewOf } from './reader.ts';
import { type RfbRect, RfbScreen } from './screen.ts';
import type { RfbSecurity } from './security.ts';
import { readTight, type TightTools } from './tight.ts';
import { readZrle } from './zrle.ts';

/** What the parser tells; all calls are made from within `push`, or while its promise is open. */
export interface RfbSink extends HandshakePort, Partial<RfbAudioSink> {
  /** The handshake is done, with a screen of this name; `resized` follows. */
  named?(name: string): void;
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
  /** The server takes extended key events. */
  extendedKeys?(): void;
  /** The server has sound, which can be asked for. */
  audioOffered?(): void;
}

/** What a client is made of. */
export interface RfbClientOptions {
  readonly security: RfbSecurity;
  /** False: the server sends its other viewers away (true). */
  readonly shared?: boolean;
  /** What is offered, the best first, of ENCODING, quality and compression. */
  readonly encodings: readonly number[];
  /** For Tight, with four streams, and for ZRLE, which takes the fifth; absent: neither is offered. */
  readonly tools?: TightTools;
}

/** Servers that end an update with LastRect tell this as its number of rectangles. */
const UNKNOWN_COUNT = 0xffff;
const ZRLE_STREAM = 4;

/**
 * The client's side of RFB (RFC 6143). Bytes in, calls out; any split of the input gives the same
 * calls. Throws nothing but RfbError, after which it must not be used.
 */
export class RfbClient {
  readonly #sink: RfbSink;
  readonly #options: RfbClientOptions;
  readonly #screen = new RfbScreen();
  readonly #reader: ByteReader;

  constructor(sink: RfbSink, options: RfbClientOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#reader = new ByteReader(this.#converse());
  }

  /** Where pixels go from now on; undefined throws them away. */
  setFramebuffer(framebuffer: Uint8Array | undefined): void {
    this.#screen.attach(framebuffer);
  }

  /** Reads a chunk completely; while a returned promise is open, the next one has to wait. */
  push(chunk: Uint8Array): Promise<void> | undefined {
    return this.#reader.push(chunk);
  }

  /** Nothing is read or called any more. */
  stop(): void {
    this.#reader.stop();
  }

  *#converse(): Reading {
    const { security, shared = true, encodings } = this.#options;
    const { width, height, name } = yield* readHandshake(this.#sink, security, shared);
    this.#sink.send(setPixelFormat());
    this.#sink.send(setEncodings(encodings));
    this.#sink.named?.(name);
    this.#resize(width, height);
    for (;;) yield* this.#message();
  }

  /** Server messages (7.6). */
  *#message(): Reading {
    const [type] = yield 1;
    switch (type) {
      case 0:
        yield* this.#update(viewOf(yield 3).getUint16(1));
        break;
      case 1:
        yield* skip(viewOf(yield 5).getUint16(3) * 6);
        break;
      case 2:
        break;
      case 3: {
        const length = viewOf(yield 7).getUint32(3);
        if (length > RFB_LIMITS.cutTextBytes) throw new RfbError('The clipboard text is too long');
        yield* skip(length);
        break;
      }
      default:
        if (type !== QEMU_MESSAGE || !this.#options.encodings.includes(ENCODING.qemuAudio)) {
          throw new RfbError(`The VNC server sent an unknown message type ${type}`);
        }
        yield* readAudio(this.#sink);
    }
  }

  *#update(rects: number): Reading {
    this.#sink.updateBegin();
    for (let left = rects; left > 0; left -= 1) {
      if (!(yield* this.#rectangle(rects))) break;
    }
    this.#sink.updateEnd();
  }

  /** `x y width height: u16 | encoding: i32`; false after the last one of an unknown number. */
  *#rectangle(rects: number): Reading<boolean> {
    const view = viewOf(yield 12);
    const [x, y] = [view.getUint16(0), view.getUint16(2)];
    const [width, height] = [view.getUint16(4), view.getUint16(6)];
    const encoding = view.getInt32(8);
    const rect = { x, y, width, height };
    switch (encoding) {
      case ENCODING.desktopSize:
        this.#resize(width, height);
        return true;
      case ENCODING.extendedDesktopSize:
        yield* this.#extendedDesktopSize(rect);
        return true;
      case ENCODING.lastRect:
        if (rects !== UNKNOWN_COUNT) throw new RfbError('The VNC server ended an update too early');
        return false;
      case ENCODING.cursor:
        yield* readOverCursor(rect);
        return true;
      case ENCODING.extendedKeys:
        this.#sink.extendedKeys?.();
        return true;
      case ENCODING.qemuAudio:
        this.#sink.audioOffered?.();
        return true;
      case ENCODING.ledState:
        this.#sink.leds((yield 1)[0] ?? 0);
        return true;
      case ENCODING.vmwareLedState:
        this.#sink.leds(viewOf(yield 4).getUint32(0));
        return true;
      default:
        this.#screen.check(rect);
        yield* this.#pixels(encoding, rect);
        if (width > 0 && height > 0) this.#sink.rect(rect);
        return true;
    }
  }

  #pixels(encoding: number, rect: RfbRect): Reading {
    const { tools } = this.#options;
    const zrle = tools?.inflaters[ZRLE_STREAM];
    if (encoding === ENCODING.raw) return readRaw(this.#screen, rect);
    if (encoding === ENCODING.copyRect) return readCopyRect(this.#screen, rect);
    if (encoding === ENCODING.hextile) return readHextile(this.#screen, rect);
    if (encoding === ENCODING.zrle && zrle) return readZrle(this.#screen, rect, zrle);
    if (encoding === ENCODING.tight && tools) return readTight(this.#screen, rect, tools);
    throw new RfbError(`The VNC server used encoding ${encoding}, which was not offered`);
  }

  /**
   * ExtendedDesktopSize: `screens: u8 | pad*3 | screen * 16`. Its x says why, its y is 0 unless a
   * client asked for a size that it did not get.
   */
  *#extendedDesktopSize({ y, width, height }: RfbRect): Reading {
    const [screens = 0] = yield 4;
    yield* skip(screens * 16);
    const isSame = width === this.#screen.width && height === this.#screen.height;
    if (y === 0 && !isSame) this.#resize(width, height);
  }

  #resize(width: number, height: number): void {
    this.#screen.resize(width, height);
    this.#screen.attach(this.#sink.resized(width, height));
  }
}

/**
 * Cursor (7.8.1): `BGRX * width * height | bits, rows begin at a byte`. Who offers it wants the
 * pointer out of the picture; its shape is of no use here.
 */
function* readOverCursor({ width, height }: RfbRect): Reading {
  if (width > RFB_LIMITS.cursor || height > RFB_LIMITS.cursor) {
    throw new RfbError('The VNC server sent a pointer that is too large');
  }
  yield* skip(width * height * 4 + Math.ceil(width / 8) * height);
}
