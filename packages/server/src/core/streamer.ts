import {
  KvmError,
  type StreamerParams,
  type StreamerState,
  type UstreamerState,
  ValidatorError,
  valid,
} from '@crashcart/api';
import type { Log } from './log.ts';
import { sleep } from './sleep.ts';
import { type ReadonlyCell, StateCell } from './state.ts';
import type { VideoFeed, VideoSource } from './video-source.ts';

/** What a streamer is made of; the defaults are PiKVM's. */
export interface StreamerOptions {
  readonly source: VideoSource;
  readonly log: Log;
  /** JPEG quality, 1..100 (80). */
  readonly quality?: number;
  /** Frames per second (30), moved into `minFps`..`maxFps` (0..90). */
  readonly desiredFps?: number;
  readonly minFps?: number;
  readonly maxFps?: number;
  /** WIDTHxHEIGHT; only for a source that has a choice. */
  readonly resolution?: string;
  /** From the last viewer's leaving to the stop, ms (10 000). */
  readonly shutdownDelayMs?: number;
  /** Pause between stop and start of a reset, ms (1000). */
  readonly resetDelayMs?: number;
  /** Quiet after `setParams` before they are applied, ms (1000). */
  readonly applyDelayMs?: number;
  /** How often the running state is read, ms (1000). */
  readonly statePollMs?: number;
}

/** New parameters; an absent one stays as it is. Texts are validated here, after "not supported". */
export interface StreamerParamsChange {
  readonly quality?: number | undefined;
  readonly desired_fps?: number | undefined;
  readonly resolution?: string | undefined;
  readonly h264_bitrate?: number | undefined;
  readonly h264_gop?: number | undefined;
}

const RESOLUTION = /^[1-9]\d{0,4}x[1-9]\d{0,4}$/;

/** Policy of the video: runs the source while somebody wants it, and keeps the parameters. */
export class Streamer {
  readonly #source: VideoSource;
  readonly #log: Log;
  readonly #delays: { shutdown: number; reset: number; apply: number; poll: number };
  readonly #state: StateCell<StreamerState>;
  readonly #feed = new StateCell<VideoFeed | undefined>(undefined);
  readonly #ended = new AbortController();
  #holders = 0;
  #resetting: Promise<void> | undefined;
  #stopTimer: NodeJS.Timeout | undefined;
  #applyTimer: NodeJS.Timeout | undefined;
  #pollTimer: NodeJS.Timeout | undefined;
  #meter: (() => UstreamerState) | undefined;

  constructor(options: StreamerOptions) {
    this.#source = options.source;
    this.#log = options.log;
    this.#delays = {
      shutdown: options.shutdownDelayMs ?? 10_000,
      reset: options.resetDelayMs ?? 1000,
      apply: options.applyDelayMs ?? 1000,
      poll: options.statePollMs ?? 1000,
    };
    const fps = { min: options.minFps ?? 0, max: options.maxFps ?? 90 };
    const { resolutions } = options.source;
    const resolution = options.resolution ?? resolutions?.[0];
    const params: StreamerParams = {
      desired_fps: Math.min(fps.max, Math.max(fps.min, options.desiredFps ?? 30)),
      quality: options.quality ?? 80,
      ...(resolutions && resolution !== undefined ? { resolution } : {}),
    };
    this.#state = new StateCell<StreamerState>({
      features: { quality: true, resolution: resolutions !== undefined, h264: false },
      limits: {
        desired_fps: fps,
        ...(resolutions ? { available_resolutions: resolutions } : {}),
      },
      params,
      applied: params,
      streamer: null,
      snapshot: { saved: null },
    });
  }

  /** The streamer part as the wire has it. */
  get state(): ReadonlyCell<StreamerState> {
    return this.#state;
  }

  /** The running capture; undefined while stopped. */
  get feed(): ReadonlyCell<VideoFeed | undefined> {
    return this.#feed;
  }

  /**
   * A viewer comes: the source starts now and stops a while after the last one's release.
   * Calling the release twice does nothing more.
   */
  acquire(): () => void {
    this.#holders += 1;
    clearTimeout(this.#stopTimer);
    if (!this.#resetting) this.#start();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holders -= 1;
      if (this.#holders > 0 || this.#ended.signal.aborted) return;
      this.#stopTimer = setTimeout(() => void this.#stop(), this.#delays.shutdown);
    };
  }

  /** Throws what is not supported or outside the limits; otherwise applied after 1 s of quiet. */
  setParams(change: StreamerParamsChange): void {
    const { features, limits } = this.#state.value;
    if (change.resolution && !features.resolution) {
      throw new KvmError('StreamerResolutionNotSupported');
    }
    if (change.quality !== undefined && !features.quality) {
      throw new KvmError('StreamerQualityNotSupported');
    }
    if ((change.h264_bitrate ?? change.h264_gop) !== undefined && !features.h264) {
      throw new KvmError('StreamerH264NotSupported');
    }
    const params = { ...this.#state.value.params };
    if (change.quality !== undefined) {
      params.quality = valid.int({ name: 'stream quality', min: 1, max: 100 })(change.quality);
    }
    if (change.desired_fps !== undefined) {
      const { min, max } = limits.desired_fps;
      params.desired_fps = valid.int({ name: 'stream FPS', min, max })(change.desired_fps);
    }
    if (change.resolution) params.resolution = this.#resolution(change.resolution);
    this.#state.patch({ params });
    clearTimeout(this.#applyTimer);
    this.#applyTimer = setTimeout(() => void this.#apply(), this.#delays.apply);
  }

  /** Closes the source and opens it again after the pause; resolves when that is done. */
  reset(): Promise<void> {
    if (!this.#feed.value && !this.#resetting) return Promise.resolve();
    this.#resetting ??= this.#restart().finally(() => {
      this.#resetting = undefined;
      if (this.#holders > 0) this.#start();
    });
    return this.#resetting;
  }

  /** The hub tells here how the state of the running streamer is read. */
  setMeter(meter: () => UstreamerState): void {
    this.#meter = meter;
  }

  /** Reads the running state now instead of at the next second. */
  refresh(): void {
    if (this.#feed.value) this.#state.patch({ streamer: this.#meter?.() ?? null });
  }

  /** The hub tells here which picture it keeps. */
  setSaved(saved: StreamerState['snapshot']['saved']): void {
    this.#state.patch({ snapshot: { saved } });
  }

  /** Stops for good. */
  async close(): Promise<void> {
    this.#ended.abort(new Error('closed'));
    clearTimeout(this.#applyTimer);
    await this.#stop();
    await this.#source[Symbol.asyncDispose]();
  }

  #resolution(raw: string): string {
    const available = this.#source.resolutions ?? [];
    const value = valid.text('resolution', RESOLUTION)(raw);
    if (!available.includes(value)) {
      throw new ValidatorError(`The argument '${value}' is not a valid stream resolution`);
    }
    return value;
  }

  #start(): void {
    if (this.#feed.value || this.#ended.signal.aborted) return;
    const { applied, params } = this.#state.value;
    if (applied !== params) this.#state.patch({ applied: params });
    const { desired_fps: desiredFps, resolution } = params;
    this.#log.debug({ source: this.#source.name }, 'the streamer starts');
    this.#feed.set(this.#source.open({ desiredFps, resolution }));
    this.#pollTimer = setInterval(() => this.refresh(), this.#delays.poll);
    this.refresh();
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#stopTimer);
    clearInterval(this.#pollTimer);
    const feed = this.#feed.value;
    if (!feed) return;
    this.#log.debug({ source: this.#source.name }, 'the streamer stops');
    this.#feed.set(undefined);
    this.#state.patch({ streamer: null });
    try {
      await feed[Symbol.asyncDispose]();
    } catch (error) {
      this.#log.warn({ err: error }, 'the video source did not close cleanly');
    }
  }

  async #restart(): Promise<void> {
    await this.#stop();
    try {
      await sleep(this.#delays.reset, this.#ended.signal);
    } catch {
      // Closed meanwhile: nothing is to be started again.
    }
  }

  async #apply(): Promise<void> {
    const { params, applied } = this.#state.value;
    const feed = this.#feed.value;
    if (params === applied) return;
    this.#state.patch({ applied: params });
    if (!feed) return;
    // Quality is the encoder's business; only what the source itself must know needs a restart.
    if (params.resolution !== applied.resolution) return this.reset();
    if (params.desired_fps !== applied.desired_fps) {
      if (!feed.setDesiredFps) return this.reset();
      feed.setDesiredFps(params.desired_fps);
    }
    this.refresh();
  }
}
