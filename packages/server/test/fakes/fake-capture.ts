import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Log, silentLog } from '../../src/core/log.ts';
import type { DvSignal } from '../../src/drivers/linux/dv-signal.ts';
import { UstreamerSource } from '../../src/drivers/linux/ustreamer.ts';

const PROGRAM = fileURLToPath(new URL('./fake-ustreamer.mjs', import.meta.url));

/** Files in the directory of a capture. */
const LOG = 'ustreamer.log';
const SIGNAL = 'signal';

/** Long enough for what it is told to do, ms. */
const MISS_MS = 1500;

/** What the pretended µStreamer can be made to do. */
export type FakeVideo =
  | ('present' | 'absent' | 'lost')
  | ('broken' | 'garbage' | 'endless' | 'silent')
  | ('crash' | 'stuck');

/** What a test may change. */
export interface FakeCaptureOptions {
  /** Owned by the caller. */
  readonly directory: string;
  readonly args?: readonly string[];
  readonly stallMs?: number;
  readonly hangMs?: number;
  /** What the device says of its signal; it cannot be asked unless told. */
  readonly askDevice?: () => Promise<DvSignal>;
  readonly log?: Log;
}

/** The driver that ships, over a program that speaks as µStreamer does but has no device. */
export class FakeCapture {
  readonly source: UstreamerSource;
  readonly socketPath: string;
  readonly #logFile: string;
  readonly #signalFile: string;

  private constructor(source: UstreamerSource, socketPath: string, directory: string) {
    this.source = source;
    this.socketPath = socketPath;
    this.#logFile = join(directory, LOG);
    this.#signalFile = join(directory, SIGNAL);
  }

  static async start(options: FakeCaptureOptions): Promise<FakeCapture> {
    const { directory, args = [], stallMs = 5000, hangMs = 30_000, log = silentLog } = options;
    const socketPath = join(directory, 'ustreamer.sock');
    const logFile = join(directory, LOG);
    const source = await UstreamerSource.create({
      command: [
        PROGRAM,
        ...['--unix={unix}', '--unix-rm', '--unix-mode=0600', '--desired-fps={desired_fps}'],
        ...['--quality={quality}', '--process-name-prefix={process_name_prefix}'],
        ...['--resolution={resolution}', '--h264-gop={h264_gop}', '--notify-parent'],
        ...[`--fake-log=${logFile}`, `--fake-signal=${join(directory, SIGNAL)}`, ...args],
      ],
      preStart: ['/bin/sh', '-c', `echo pre-start >> ${logFile}`],
      postStop: ['/bin/sh', '-c', `echo post-stop >> ${logFile}`],
      processNamePrefix: 'kvmd/streamer',
      resolutions: undefined,
      ...{ missMs: MISS_MS, askDevice: options.askDevice ?? (async () => ({ kind: 'unknown' })) },
      ...{ socketPath, statePollMs: 1000, timeoutMs: 500, stallMs, hangMs, log },
    });
    return new FakeCapture(source, socketPath, directory);
  }

  /** What was done to the program, and what it did: one line each. */
  async log(): Promise<readonly string[]> {
    const text = await readFile(this.#logFile, 'utf8').catch(() => '');
    return text.split('\n').filter((line) => line !== '');
  }

  /** What is plugged in, also for a program that starts later. */
  async plug(video: 'present' | 'absent'): Promise<void> {
    await writeFile(this.#signalFile, video);
    // It may not run.
    await this.play(video).catch(() => undefined);
  }

  /** Resolves when the program has heard of it. */
  play(video: FakeVideo): Promise<void> {
    const options = { socketPath: this.socketPath, path: `/fake?video=${video}`, method: 'POST' };
    return new Promise((resolve, reject) => {
      const call = request({ ...options, agent: false }, (response) => {
        response.resume().on('close', resolve);
      });
      // One that crashes may do so before its answer is out.
      call.on('error', (error) => (video === 'crash' ? resolve() : reject(error)));
      call.end();
    });
  }
}
