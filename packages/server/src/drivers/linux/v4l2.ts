import type { Log } from '../../core/log.ts';
import type { VideoFeed, VideoParams, VideoSource } from '../../core/video-source.ts';
import { V4l2Feed } from './v4l2-feed.ts';

/** How a device is captured. */
export interface V4l2SourceOptions {
  readonly device: string;
  /** FFmpeg's name of a pixel format, or `mjpeg`. */
  readonly format: string;
  /** Folder of node-av; '' = beside the server. */
  readonly nodeAv: string;
  /** What a viewer may choose from, WIDTHxHEIGHT; undefined where the device decides. */
  readonly resolutions: readonly string[] | undefined;
  readonly log: Log;
}

/**
 * A capture device, read in this process by the optional node-av: of raw pictures it knows what has
 * changed, and nothing is encoded on the way. µStreamer does the same in a process of its own.
 */
export class V4l2Source implements VideoSource {
  readonly name = 'v4l2';
  readonly givesFiles: boolean;
  readonly resolutions: readonly string[] | undefined;
  readonly #options: V4l2SourceOptions;
  #feed: V4l2Feed | undefined;

  constructor(options: V4l2SourceOptions) {
    this.#options = options;
    this.resolutions = options.resolutions;
    this.givesFiles = options.format === 'mjpeg';
  }

  open({ desiredFps, resolution = '' }: VideoParams): VideoFeed {
    const { device, format, nodeAv, log } = this.#options;
    const free = this.#feed?.closed ?? Promise.resolve();
    const how = { device, format, resolution, fps: desiredFps };
    this.#feed = new V4l2Feed(how, { nodeAv, free, log });
    return this.#feed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#feed?.[Symbol.asyncDispose]();
  }
}
