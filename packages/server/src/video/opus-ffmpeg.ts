import { SOUND } from '../core/sound-source.ts';
import { CoderProcess } from '../platform/coder-process.ts';
import { OggReader } from '../protocols/ogg.ts';
import { FFMPEG } from './h264-ffmpeg.ts';
import type { OpenOpusEncoder, OpusEncoder, OpusInput, OpusListener } from './opus-encoder.ts';

const PACKET_MS = 20;
const MICROSECONDS = 1000;
/** Of both channels. */
const BITRATE = '96k';
/** `OpusHead` and `OpusTags` (RFC 7845, 3). */
const HEADERS = 2;
/** Samples that may wait for it, bytes: half a second. */
const MOST_WAITING = (SOUND.rateHz / 2) * SOUND.sampleBytes;
/** How long it may take none at all, ms: it hangs after that. */
const STUCK_MS = 5000;

/** The arguments of FFmpeg; a device is one of them, whatever it is called. */
export function opusArguments(input: OpusInput): readonly string[] {
  const { channels, rateHz } = SOUND;
  const from =
    input.kind === 'alsa'
      ? // ALSA's times jump to and fro; how many samples there were does not.
        ['-f', 'alsa', '-i', input.device, '-af', 'asetpts=N/SR/TB']
      : ['-f', 's16le', '-ar', `${rateHz}`, '-ac', `${channels}`, '-i', 'pipe:0'];
  return [
    ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-probesize', '32'],
    ...['-analyzeduration', '0', ...from],
    ...['-c:a', 'libopus', '-application', 'lowdelay', '-b:a', BITRATE],
    ...['-ar', `${rateHz}`, '-ac', `${channels}`, '-frame_duration', `${PACKET_MS}`],
    // A page for each packet, written at once.
    ...['-f', 'ogg', '-page_duration', `${PACKET_MS * MICROSECONDS}`, '-flush_packets', '1'],
    'pipe:1',
  ];
}

/** Starts `program` for each stream; without it the encoder ends at once and says so. */
export function opusEncoder(program = FFMPEG): OpenOpusEncoder {
  return (input, listener) => new FfmpegOpus(program, input, listener);
}

/** A running FFmpeg with libopus: its own process, as its licence is its own. */
class FfmpegOpus implements OpusEncoder {
  readonly #process: CoderProcess;
  readonly #onStuck: () => void;
  #waiting = 0;
  #stuckTimer: NodeJS.Timeout | undefined;

  constructor(program: string, input: OpusInput, listener: OpusListener) {
    const reader = new OggReader();
    let headers = HEADERS;
    const fail = (reason: string) => {
      this.close();
      listener.onEnd(reason);
    };
    this.#onStuck = () => fail(`${program} takes no more sound`);
    this.#process = new CoderProcess(program, opusArguments(input), {
      onOutput(bytes) {
        try {
          for (const packet of reader.push(bytes)) {
            if (headers > 0) headers -= 1;
            else listener.onPacket(packet);
          }
        } catch (error) {
          fail(String(error));
        }
      },
      onEnd: (reason) => {
        clearTimeout(this.#stuckTimer);
        listener.onEnd(reason);
      },
    });
  }

  write(samples: Buffer): boolean {
    if (this.#waiting + samples.length > MOST_WAITING) return false;
    this.#waiting += samples.length;
    this.#stuckTimer ??= setTimeout(this.#onStuck, STUCK_MS);
    void this.#process.write(samples).then(() => {
      this.#waiting -= samples.length;
      clearTimeout(this.#stuckTimer);
      this.#stuckTimer = this.#waiting > 0 ? setTimeout(this.#onStuck, STUCK_MS) : undefined;
    });
    return true;
  }

  close(): void {
    clearTimeout(this.#stuckTimer);
    this.#process.kill();
  }
}
