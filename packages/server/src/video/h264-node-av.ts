import { performance } from 'node:perf_hooks';
import {
  bufferKbit,
  CRF,
  type H264Encoder,
  type H264Listener,
  type H264Settings,
  NO_GOP,
  type OpenH264Encoder,
} from './h264-encoder.ts';
import { loadJpegTurbo } from './jpeg-turbo.ts';
import type { AvCodecContext, AvFrame, AvPacket, AvScaler, NodeAv } from './node-av.ts';

/** libx264 inside FFmpeg's libraries. */
const ENCODER = 'libx264';
/** Of the times of frames. They only have to grow: the rate is told otherwise. */
const UNITS_PER_SECOND = 1000;
/** Slices of a picture are encoded side by side, which costs no delay. */
const THREADS = 2;
/** As of the encoder in the other process. */
const OPTIONS = {
  preset: 'ultrafast',
  tune: 'zerolatency',
  profile: 'baseline',
  crf: `${CRF}`,
  sc_threshold: '0',
  'forced-idr': '1',
};
const BYTES_PER_PIXEL = 4;

/** Encodes in this process, in threads of libuv's pool. */
export function nodeAvEncoder(av: NodeAv): OpenH264Encoder {
  return (settings, listener) => new NodeAvEncoder(av, settings, listener);
}

/** What is opened with the first picture. */
interface Opened {
  readonly context: AvCodecContext;
  readonly scaler: AvScaler;
  /** The picture as it is encoded, written anew each time. */
  readonly frame: AvFrame;
  readonly packet: AvPacket;
}

/** FFmpeg's libraries, asked for key frames directly. */
class NodeAvEncoder implements H264Encoder {
  readonly settings: H264Settings;
  readonly #av: NodeAv;
  readonly #listener: H264Listener;
  /** H.264 with half the colours has even sizes only. */
  readonly #width: number;
  readonly #height: number;
  /** The pixels that are being encoded; what is beside the picture stays black. */
  #pixels = Buffer.alloc(0);
  #opened: Opened | undefined;
  #key = false;
  #busy = false;
  #closed = false;
  readonly #startMs = performance.now();
  #time = 0n;

  constructor(av: NodeAv, settings: H264Settings, listener: H264Listener) {
    this.#av = av;
    this.settings = settings;
    this.#listener = listener;
    this.#width = settings.width + (settings.width % 2);
    this.#height = settings.height + (settings.height % 2);
  }

  async encode(data: Buffer, key: boolean): Promise<void> {
    if (this.#closed || this.#busy) return;
    this.#busy = true;
    // One that cannot be read may have been to be a key frame.
    this.#key ||= key;
    try {
      if (this.settings.format === 'bgrx') this.#copy(data);
      if (this.settings.format === 'bgrx' || (await this.#decode(data))) await this.#encodePixels();
    } catch (error) {
      if (!this.#closed) this.#listener.onEnd(String(error));
      this.#closed = true;
    }
    this.#busy = false;
    if (this.#closed) this.#free();
  }

  close(): void {
    this.#closed = true;
    // A thread may be at work with it.
    if (!this.#busy) this.#free();
  }

  #copy(data: Buffer): void {
    const { width, height } = this.settings;
    const bytes = this.#width * this.#height * BYTES_PER_PIXEL;
    if (this.#pixels.length === 0) this.#pixels = Buffer.alloc(bytes);
    if (width === this.#width) {
      data.copy(this.#pixels);
      return;
    }
    const rowBytes = width * BYTES_PER_PIXEL;
    for (let row = 0; row < height; row += 1) {
      const from = row * rowBytes;
      data.copy(this.#pixels, row * this.#width * BYTES_PER_PIXEL, from, from + rowBytes);
    }
  }

  /** False when it is no picture of this size. */
  async #decode(jpeg: Buffer): Promise<boolean> {
    const turbo = await loadJpegTurbo();
    const { width, height } = this.settings;
    try {
      const decoded = await turbo.decode(jpeg);
      if (decoded.width !== width || decoded.height !== height) return false;
      this.#copy(decoded.data);
      return true;
    } catch {
      // A capture sends broken files now and then.
      return false;
    }
  }

  async #encodePixels(): Promise<void> {
    const av = this.#av;
    this.#opened ??= await this.#open();
    const { context, scaler, frame, packet } = this.#opened;
    if (this.#closed) return;
    const size = { width: this.#width, height: this.#height, format: av.AV_PIX_FMT_BGR0 };
    const times = { timeBase: { num: 1, den: UNITS_PER_SECOND }, pts: 0n };
    const source = av.Frame.fromVideoBuffer(this.#pixels, { ...size, ...times });
    try {
      check('a frame', frame.makeWritable());
      check('colours', await scaler.scaleFrame(frame, source));
    } finally {
      source.free();
    }
    const nowMs = BigInt(Math.round(performance.now() - this.#startMs));
    this.#time = nowMs > this.#time ? nowMs : this.#time + 1n;
    frame.pts = this.#time;
    frame.pictType = this.#key ? av.AV_PICTURE_TYPE_I : av.AV_PICTURE_TYPE_NONE;
    this.#key = false;
    check('encoding', await context.sendFrame(frame));
    check('encoding', await context.receivePacket(packet));
    // Its memory is FFmpeg's.
    const data = Buffer.from(packet.data ?? []);
    const { isKeyframe: key } = packet;
    packet.unref();
    if (!this.#closed) this.#listener.onUnit({ key, data });
  }

  async #open(): Promise<Opened> {
    const av = this.#av;
    const codec = av.Codec.findEncoderByName(ENCODER);
    if (!codec) throw new Error(`node-av has no ${ENCODER}`);
    const { bitrate, gop, fps } = this.settings;
    const size = { width: this.#width, height: this.#height };
    const context = new av.CodecContext();
    context.allocContext3(codec);
    Object.assign(context, size, this.#colours, {
      pixelFormat: av.AV_PIX_FMT_YUV420P,
      timeBase: new av.Rational(1, UNITS_PER_SECOND),
      framerate: new av.Rational(fps, 1),
      gopSize: gop || NO_GOP,
      maxBFrames: 0,
      threadCount: THREADS,
      threadType: av.FF_THREAD_SLICE,
      rcMaxRate: BigInt(bitrate) * 1000n,
      rcBufferSize: bufferKbit(this.settings) * 1000,
    });
    for (const [name, value] of Object.entries(OPTIONS)) {
      check(`the option ${name}`, context.setOption(name, value));
    }
    const scaler = new av.SoftwareScaleContext();
    scaler.allocContext();
    const frame = new av.Frame();
    frame.alloc();
    Object.assign(frame, size, { format: av.AV_PIX_FMT_YUV420P });
    check('a frame', frame.getBuffer());
    Object.assign(frame, this.#colours);
    const packet = new av.Packet();
    packet.alloc();
    check('the start', await context.open2(codec, null));
    return { context, scaler, frame, packet };
  }

  /** Said in the stream: players guess differently where it is not. */
  get #colours() {
    return {
      colorRange: this.#av.AVCOL_RANGE_MPEG,
      colorSpace: this.#av.AVCOL_SPC_BT709,
      colorPrimaries: this.#av.AVCOL_PRI_BT709,
      colorTrc: this.#av.AVCOL_TRC_BT709,
    };
  }

  #free(): void {
    const opened = this.#opened;
    this.#opened = undefined;
    this.#pixels = Buffer.alloc(0);
    opened?.context.freeContext();
    opened?.scaler.freeContext();
    opened?.frame.free();
    opened?.packet.free();
  }
}

/** Throws what FFmpeg refuses. */
function check(what: string, result: number): void {
  if (result < 0) throw new Error(`node-av refuses ${what} (${result})`);
}
