import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { KvmError } from '@crashcart/api';

/** The optional package, and its version that was tried. */
const PACKAGE = 'node-av';
const TRIED = '6.1.1';
/** Of the package, what is imported. */
const ENTRY = 'dist/index.js';

/** The part of node-av (FFmpeg's libraries in this process) that we use. */
export interface NodeAv {
  readonly Codec: { findEncoderByName(name: string): object | null };
  readonly CodecContext: new () => AvCodecContext;
  readonly Frame: (new () => AvFrame) & {
    /** Refers to `pixels`, without a copy. */
    fromVideoBuffer(pixels: Buffer, of: AvPictureOptions): AvFrame;
  };
  readonly Packet: new () => AvPacket;
  readonly Rational: new (numerator: number, denominator: number) => object;
  readonly SoftwareScaleContext: new () => AvScaler;
  readonly FormatContext: new () => AvInput;
  readonly InputFormat: { findInputFormat(name: string): object | null };
  readonly Dictionary: { fromObject(options: Readonly<Record<string, string>>): object };
  readonly AV_CODEC_ID_MJPEG: number;
  readonly AV_PIX_FMT_BGR0: number;
  readonly AV_PIX_FMT_YUV420P: number;
  readonly AV_PICTURE_TYPE_I: number;
  readonly AV_PICTURE_TYPE_NONE: number;
  readonly AVCOL_PRI_BT709: number;
  readonly AVCOL_RANGE_MPEG: number;
  readonly AVCOL_SPC_BT709: number;
  readonly AVCOL_TRC_BT709: number;
  readonly FF_THREAD_SLICE: number;
  readonly AVERROR_EAGAIN: number;
  readonly AVFMT_FLAG_NONBLOCK: number;
  readonly AV_LOG_FATAL: number;
  readonly Log: { setLevel(level: number): void };
}

interface AvPictureOptions {
  readonly width: number;
  readonly height: number;
  readonly format: number;
  readonly timeBase: { readonly num: number; readonly den: number };
  readonly pts: bigint;
}

interface AvColours {
  colorRange: number;
  colorSpace: number;
  colorPrimaries: number;
  colorTrc: number;
}

/** Numbers below 0 are FFmpeg's errors. Asynchronous calls run in libuv's pool. */
export interface AvCodecContext extends AvColours {
  width: number;
  height: number;
  pixelFormat: number;
  timeBase: object;
  framerate: object;
  gopSize: number;
  maxBFrames: number;
  threadCount: number;
  threadType: number;
  rcMaxRate: bigint;
  rcBufferSize: number;
  allocContext3(codec: object): void;
  setOption(name: string, value: string): number;
  open2(codec: object, options: null): Promise<number>;
  sendFrame(frame: AvFrame): Promise<number>;
  receivePacket(packet: AvPacket): Promise<number>;
  freeContext(): void;
}

/** One picture. */
export interface AvFrame extends AvColours {
  width: number;
  height: number;
  format: number;
  pts: bigint;
  pictType: number;
  /** FFmpeg's memory, by plane. */
  readonly data: readonly Buffer[] | null;
  alloc(): void;
  /** Rows begin at multiples of `align` bytes. */
  getBuffer(align?: number): number;
  makeWritable(): number;
  free(): void;
}

/** One access unit, or one picture of a device. */
export interface AvPacket {
  readonly data: Buffer | null;
  readonly isKeyframe: boolean;
  readonly pts: bigint;
  alloc(): void;
  unref(): void;
  free(): void;
}

/** Changes format and colours of pictures. */
export interface AvScaler {
  allocContext(): void;
  scaleFrame(target: AvFrame, source: AvFrame): Promise<number>;
  freeContext(): void;
}

/** A device that is read. */
export interface AvInput {
  flags: number;
  readonly streams: readonly {
    readonly codecpar: {
      readonly codecId: number;
      readonly width: number;
      readonly height: number;
      readonly format: number;
    };
  }[];
  allocContext(): void;
  openInput(name: string, format: object, options: object): Promise<number>;
  readFrame(packet: AvPacket): Promise<number>;
  closeInput(): Promise<void>;
}

const loaded = new Map<string, Promise<NodeAv>>();

/**
 * Loads the package that an operator may have installed, beside the server or in a `folder` of its
 * own; it is no dependency of ours, as its size and licence are to be chosen. Rejects with
 * UnavailableError that says what to install.
 */
export function loadNodeAv(folder = ''): Promise<NodeAv> {
  const loading = loaded.get(folder) ?? load(folder);
  loaded.set(folder, loading);
  return loading;
}

async function load(folder: string): Promise<NodeAv> {
  let av: NodeAv;
  try {
    av = await import(folder === '' ? PACKAGE : pathToFileURL(join(folder, ENTRY)).href);
  } catch (cause) {
    const hint = `npm install ${PACKAGE}@${TRIED}; docs/video-h264.md has its licence`;
    throw new KvmError('UnavailableError', `${PACKAGE} cannot be loaded: ${hint}`, { cause });
  }
  // It would tell of each stream and each try on our standard error.
  av.Log.setLevel(av.AV_LOG_FATAL);
  return av;
}
