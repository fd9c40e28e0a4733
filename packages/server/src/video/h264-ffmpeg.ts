import type { CoderProcess } from '../platform/coder-process.ts';
import { FlvAvcReader } from '../protocols/flv-avc.ts';
import { IVF_FRAME_BYTES, ivfHeader, writeIvfFrame } from '../protocols/ivf.ts';
import { FfmpegPool } from './ffmpeg-pool.ts';
import {
  bufferKbit,
  CRF,
  type H264Encoder,
  type H264Listener,
  type H264Settings,
  NO_GOP,
  type OpenH264Encoder,
} from './h264-encoder.ts';

/** The program that encodes; a Debian package of this name has it. */
export const FFMPEG = 'ffmpeg';

/** FFmpeg's decoders, and what they call the pictures. */
const DECODERS = {
  bgrx: { name: 'rawvideo', fourcc: 'BGR\0' },
  jpeg: { name: 'mjpeg', fourcc: 'MJPG' },
} as const;
/** Of the times of frames. They only have to grow: the rate is told otherwise. */
const UNITS_PER_SECOND = 1000;
/** FFmpeg's command cannot be asked for a key frame, but may look at the time: an odd one means one. */
const WHEN_ODD = `expr:eq(mod(round(t*${UNITS_PER_SECOND}),2),1)`;
/** Said in the stream: players guess differently where it is not. */
const COLOURS = 'scale=out_color_matrix=bt709:out_range=tv';
/** How long it may take over one picture, ms: it hangs after that. */
const STUCK_MS = 10_000;

/** The arguments of FFmpeg, without any text of a client. */
export function h264Arguments(settings: H264Settings): readonly string[] {
  const { format, bitrate, gop, fps } = settings;
  return [
    ...['-hide_banner', '-loglevel', 'error', '-probesize', '32', '-analyzeduration', '0'],
    ...['-f', 'ivf', '-c:v', DECODERS[format].name, '-i', 'pipe:0', '-an'],
    // H.264 with half the colours has even sizes only.
    ...['-vf', `pad=ceil(iw/2)*2:ceil(ih/2)*2,${COLOURS},format=yuv420p`],
    ...['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709'],
    ...['-color_range', 'tv'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency'],
    ...['-profile:v', 'baseline', '-crf', `${CRF}`],
    ...['-maxrate', `${bitrate}k`, '-bufsize', `${bufferKbit(settings)}k`],
    ...['-g', `${gop || NO_GOP}`, '-sc_threshold', '0'],
    ...['-force_key_frames', WHEN_ODD, '-forced-idr', '1', '-enc_time_base', '-1'],
    ...['-fps_mode', 'passthrough', '-r', `${fps}`, '-flush_packets', '1'],
    ...['-f', 'flv', '-flvflags', 'no_duration_filesize', 'pipe:1'],
  ];
}

/** A `program` of its own for each stream; without it the encoder ends at once and says so. */
export function ffmpegEncoder(program = FFMPEG): OpenH264Encoder {
  const pool = new FfmpegPool(program);
  return (settings, listener) => new FfmpegEncoder(pool, settings, listener);
}

/** A running FFmpeg: its own process, as its licence is its own. */
class FfmpegEncoder implements H264Encoder {
  readonly settings: H264Settings;
  readonly #process: CoderProcess;
  /** One frame with what comes before it; in use until FFmpeg has all of it. */
  #message: Buffer;
  readonly #onStuck: () => void;
  readonly #pool: FfmpegPool;
  #time = 0;
  #hasPicture = false;

  constructor(pool: FfmpegPool, settings: H264Settings, listener: H264Listener) {
    this.settings = settings;
    this.#pool = pool;
    const { format, width, height } = settings;
    const reader = new FlvAvcReader();
    const fail = (reason: string) => {
      this.#process.kill();
      listener.onEnd(reason);
    };
    this.#onStuck = () => fail(`${pool.program} takes no more pictures`);
    const args = h264Arguments(settings);
    this.#process = pool.take(args, {
      onOutput: (bytes) => {
        try {
          const units = reader.push(bytes);
          // Before they are told, as who hears them may close this.
          if (units.length > 0 && !this.#hasPicture) pool.prepare(args);
          this.#hasPicture ||= units.length > 0;
          for (const unit of units) listener.onUnit(unit);
        } catch (error) {
          fail(String(error));
        }
      },
      onEnd: (reason) => {
        pool.release();
        listener.onEnd(reason);
      },
    });
    this.#message = Buffer.alloc(0);
    const start = {
      fourcc: DECODERS[format].fourcc,
      width,
      height,
      unitsPerSecond: UNITS_PER_SECOND,
    };
    void this.#process.write(ivfHeader(start));
  }

  async encode(data: Buffer, key: boolean): Promise<void> {
    this.#time += 2;
    const bytes = IVF_FRAME_BYTES + data.length;
    if (this.#message.length < bytes) this.#message = Buffer.allocUnsafeSlow(bytes);
    writeIvfFrame(this.#message, data.length, this.#time + (key ? 1 : 0));
    data.copy(this.#message, IVF_FRAME_BYTES);
    const stuck = setTimeout(this.#onStuck, STUCK_MS);
    await this.#process.write(this.#message.subarray(0, bytes));
    clearTimeout(stuck);
  }

  close(): void {
    this.#process.kill();
    this.#pool.release();
  }
}
