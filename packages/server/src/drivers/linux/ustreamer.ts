import type { CaptureProgram } from '../../core/capture.ts';
import { type ReadonlyCell, StateCell } from '../../core/state.ts';
import type { VideoFeed, VideoParams, VideoSource } from '../../core/video-source.ts';
import { onChildNotice } from '../../platform/parent-signal.ts';
import type { UstreamerProgram } from '../../protocols/ustreamer-help.ts';
import { type Command, fillCommand } from './ustreamer-command.ts';
import { type FeedOptions, UstreamerFeed } from './ustreamer-feed.ts';
import { captureProgramOf, probeUstreamer } from './ustreamer-probe.ts';

/** How µStreamer is run, in PiKVM's terms. */
export interface UstreamerOptions extends FeedOptions {
  /** With placeholders: unix, process_name_prefix, desired_fps, quality, resolution. */
  readonly command: Command;
  readonly processNamePrefix: string;
  /** What a viewer may choose from, WIDTHxHEIGHT; undefined where the device decides. */
  readonly resolutions: readonly string[] | undefined;
}

/** A capture device, by a µStreamer that runs while somebody wants the picture. */
export class UstreamerSource implements VideoSource {
  readonly name = 'ustreamer';
  readonly encodesJpeg = true;
  readonly resolutions: readonly string[] | undefined;
  readonly #options: UstreamerOptions;
  readonly #program: StateCell<CaptureProgram>;
  readonly #unnotice: () => void;
  #probed: UstreamerProgram;
  #feed: UstreamerFeed | undefined;
  #saidUnknown = '';

  private constructor(options: UstreamerOptions, probed: UstreamerProgram) {
    this.resolutions = options.resolutions;
    this.#options = options;
    this.#probed = probed;
    this.#program = new StateCell(captureProgramOf(options.command[0], probed));
    // µStreamer sends it with --notify-parent when its signal or its resolution has changed.
    this.#unnotice = onChildNotice(() => this.#feed?.poll());
  }

  /** Asks the program what it can do; one that is missing is asked again at each start. */
  static async create(options: UstreamerOptions): Promise<UstreamerSource> {
    return new UstreamerSource(options, await probeUstreamer(options.command[0]));
  }

  get program(): ReadonlyCell<CaptureProgram> {
    return this.#program;
  }

  open(params: VideoParams): VideoFeed {
    const free = this.#feed?.closed ?? Promise.resolve();
    this.#feed = new UstreamerFeed(this.#options, () => this.#command(params), free);
    return this.#feed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#feed?.[Symbol.asyncDispose]();
    this.#unnotice();
  }

  async #command({ desiredFps, quality, resolution }: VideoParams): Promise<Command> {
    const { command, socketPath, processNamePrefix, log } = this.#options;
    if (this.#probed.version === '') {
      this.#probed = await probeUstreamer(command[0]);
      this.#program.set(captureProgramOf(command[0], this.#probed));
    }
    const values = {
      unix: socketPath,
      process_name_prefix: processNamePrefix,
      desired_fps: String(desiredFps),
      quality: quality === undefined ? undefined : String(quality),
      resolution,
    };
    const { argv, unknown } = fillCommand(command, values, this.#probed);
    const said = unknown.join(' ');
    if (said !== '' && said !== this.#saidUnknown) {
      const { version } = this.#probed;
      log.warn({ version, unknown }, 'This µStreamer does not have these options: left out');
    }
    this.#saidUnknown = said;
    return argv;
  }
}
