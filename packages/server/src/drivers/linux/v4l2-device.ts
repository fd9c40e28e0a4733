import { performance } from 'node:perf_hooks';
import type { AvInput, AvPacket, NodeAv } from '../../video/node-av.ts';

/** Which device, and how it is to send; what is empty the device decides. */
export interface V4l2Options {
  readonly device: string;
  /** FFmpeg's name of a pixel format, or `mjpeg`. */
  readonly format: string;
  /** WIDTHxHEIGHT. */
  readonly resolution: string;
  /** Frames per second, 0 = what the device has. */
  readonly fps: number;
}

/** A picture of the device; `data` is valid until the next read. */
export interface V4l2Picture {
  readonly data: Buffer;
  /** When the kernel had it, ms on the monotonic clock. */
  readonly grabMs: number;
}

/** errno(3) of what a person can do something about. */
const WHY = new Map<number, (device: string) => string>([
  [-1, (device) => `${device} may not be opened: add the user of the server to the group video`],
  [-2, (device) => `There is no ${device}: is the device plugged in?`],
  [-13, (device) => `${device} may not be opened: add the user of the server to the group video`],
  [-16, (device) => `${device} is used by another program`],
  [-19, (device) => `${device} is no capture device, or is gone`],
  [-22, (device) => `${device} does not take this format, resolution or rate`],
]);
/** A time of the kernel is believed when it is not older, ms. */
const PLAUSIBLE_MS = 1000;

/** A capture device of Video4Linux that is open, read by FFmpeg's libraries in this process. */
export class V4l2Device {
  readonly width: number;
  readonly height: number;
  /** FFmpeg's number of it. */
  readonly pixelFormat: number;
  readonly givesJpeg: boolean;
  readonly #device: string;
  readonly #av: NodeAv;
  readonly #input: AvInput;
  readonly #packet: AvPacket;

  private constructor(av: NodeAv, device: string, input: AvInput, packet: AvPacket) {
    const [stream] = input.streams;
    if (!stream) throw new Error(`${device} has no picture`);
    const { codecId, width, height, format } = stream.codecpar;
    this.width = width;
    this.height = height;
    this.pixelFormat = format;
    this.givesJpeg = codecId === av.AV_CODEC_ID_MJPEG;
    this.#device = device;
    this.#av = av;
    this.#input = input;
    this.#packet = packet;
  }

  /** Throws an Error whose message is a sentence for a person, without its full stop. */
  static async open(av: NodeAv, options: V4l2Options): Promise<V4l2Device> {
    const { device, format, resolution, fps } = options;
    const video4linux = av.InputFormat.findInputFormat('v4l2');
    if (!video4linux) throw new Error('This node-av cannot capture');
    const input = new av.FormatContext();
    input.allocContext();
    // A device without a signal gives nothing: a thread that waits for it could not be ended.
    input.flags |= av.AVFMT_FLAG_NONBLOCK;
    const wanted = av.Dictionary.fromObject({
      ...(format === '' ? {} : { input_format: format }),
      ...(resolution === '' ? {} : { video_size: resolution }),
      ...(fps === 0 ? {} : { framerate: String(fps) }),
    });
    const code = await input.openInput(device, video4linux, wanted);
    if (code < 0) throw new Error(why(device, code));
    const packet = new av.Packet();
    packet.alloc();
    return new V4l2Device(av, device, input, packet);
  }

  /** The next picture; undefined when there is none yet. Throws when the device has failed. */
  async read(): Promise<V4l2Picture | undefined> {
    this.#packet.unref();
    const code = await this.#input.readFrame(this.#packet);
    if (code === this.#av.AVERROR_EAGAIN) return undefined;
    if (code < 0) throw new Error(why(this.#device, code));
    const { data, pts } = this.#packet;
    // What came damaged is empty.
    if (!data || data.length === 0) return undefined;
    const [nowMs, kernelMs] = [performance.now(), Number(process.hrtime.bigint() / 1000n) / 1000];
    const ageMs = kernelMs - Number(pts) / 1000;
    const isPlausible = ageMs >= 0 && ageMs < PLAUSIBLE_MS;
    return { data, grabMs: isPlausible ? nowMs - ageMs : nowMs };
  }

  async close(): Promise<void> {
    this.#packet.free();
    await this.#input.closeInput();
  }
}

function why(device: string, code: number): string {
  return WHY.get(code)?.(device) ?? `${device} does not work (error ${-code} of FFmpeg)`;
}
