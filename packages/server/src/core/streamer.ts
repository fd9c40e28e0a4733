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
import { type ReadonlyCell, StateCell, type Unsubscribe } from './state.ts';
import type { StreamerParamsChange, VideoFeed, VideoSource } from './video-source.ts';

/** A parameter's limits, both included, and what it is at first. */
export interface ParamRange {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

/** What a streamer is made of; the defaults are PiKVM's. */
export interface StreamerOptions {
  readonly source: VideoSource;
  readonly log: Log;
  /** JPEG quality, 1..100 (80); 0 = it cannot be chosen, as where a grabber gives JPEG itself. */
  readonly quality?: number;
  /** Frames per second (30), moved into `minFps`..`maxFps` (0..90). */
  readonly desiredFps?: number;
  readonly minFps?: number;
  readonly maxFps?: number;
  /** H.264 with its bitrate in kbit/s and its frames between key frames; absent: there is none. */
  readonly h264?: { readonly bitrate: ParamRange; readonly gop: ParamRange };
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

const RESOLUTION = /^[1-9]\d{0,4}x[1-9]\d{0,4}$/;

/** Policy of the video: runs the source while somebody wants it, and keeps the parameters. */
export class Streamer {
  readonly #source: VideoSource;
  readonly #log: Log;
  readonly #delays: { shutdown: number; reset: number; apply: number; poll: number };
  readonly #state: StateCell<StreamerState>;
  readonly #feed = new StateCell<VideoFeed | undefined>(undefined);
  readonly #ended = new AbortController();
  readonly #viewers = new StateCell(0);
  #holders = 0;
  #resetting: Promise<void> | undefined;
  #stopTimer: NodeJS.Timeout | undefined;
  #applyTimer: NodeJS.Timeout | undefined;
  #pollTimer: NodeJS.Timeout | undefined;
  #unsubscribe: () => void = () => {};
  #meter: (() => UstreamerState) | undefined;
  readonly #unfollow: Unsubscribe | undefined;

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
    const { h264 } = options;
    const { resolutions } = options.source;
    const resolution = options.resolution ?? resolutions?.[0];
    const params: StreamerParams = {
      desired_fps: Math.min(fps.max, Math.max(fps.min, options.desiredFps ?? 30)),
      ...(options.quality === 0 ? {} : { quality: options.quality ?? 80 }),
      ...(resolutions && resolution !== undefined ? { resolution } : {}),
      ...(h264 ? { h264_bitrate: h264.bitrate.default, h264_gop: h264.gop.default } : {}),
    };
    this.#state = new StateCell<StreamerState>({
      features: {
        quality: options.quality !== 0,
        resolution: resolutions !== undefined,
        h264: h264 !== undefined,
      },
      limits: {
        desired_fps: fps,
        ...(resolutions ? { available_resolutions: resolutions } : {}),
        ...(h264 ? { h264_bitrate: limitsOf(h264.bitrate), h264_gop: limitsOf(h264.gop) } : {}),
      },
      params,
      applied: params,
      streamer: null,
      snapshot: { saved: null },
    });
    const { control } = options.source;
    if (control?.state.value) this.#state.patch(control.state.value);
    this.#unfollow = control?.state.subscribe((state) => state && this.#state.patch(state));
  }

  /** The streamer part as the wire has it. */
  get state(): ReadonlyCell<StreamerState> {
    return this.#state;
  }

  /** Whether the source gives complete files, and has parameters of its own. */
  get encodesItself(): boolean {
    return this.#source.control !== undefined;
  }

  /** Whether pictures come as complete files: what has changed in them is not told. */
  get givesFiles(): boolean {
    return this.#source.givesFiles ?? this.#source.encodesJpeg ?? false;
  }

  /** The running capture; undefined while stopped. */
  get feed(): ReadonlyCell<VideoFeed | undefined> {
    return this.#feed;
  }

  /** How many look at the picture now. */
  get viewers(): ReadonlyCell<number> {
    return this.#viewers;
  }

  /**
   * A viewer comes: the source starts now and stops a while after the last one's release.
   * Calling the release twice does nothing more.
   */
  acquire(): () => void {
    this.#viewers.set(this.#viewers.value + 1);
    const release = this.keep();
    let looking = true;
    return () => {
      if (looking) this.#viewers.set(this.#viewers.value - 1);
      looking = false;
      release();
    };
  }

  /** As `acquire`, for who wants the source to run and is no viewer. */
  keep(): () => void {
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

  /** As `setParams`; a source with parameters of its own is asked, and may refuse otherwise. */
  async requestParams(change: StreamerParamsChange): Promise<void> {
    const { control } = this.#source;
    if (control) await control.setParams(change);
    else this.setParams(change);
  }

  /**
   * Throws what is not supported or outside the limits; otherwise applied after 1 s of quiet. Texts
   * are validated here, after "not supported".
   */
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
    if (change.h264_bitrate !== undefined) {
      params.h264_bitrate = valid.int({ name: 'stream H264 bitrate', ...limits.h264_bitrate })(
        change.h264_bitrate,
      );
    }
    if (change.h264_gop !== undefined) {
      params.h264_gop = valid.int({ name: 'stream H264 GOP', ...limits.h264_gop })(change.h264_gop);
    }
    if (change.resolution) params.resolution = this.#resolution(change.resolution);
    this.#state.patch({ params });
    clearTimeout(this.#applyTimer);
    this.#applyTimer = setTimeout(() => void this.#apply(), this.#delays.apply);
  }

  /** Closes the source and opens it again after the pause; resolves when that is done. */
  reset(): Promise<void> {
    const { control } = this.#source;
    return control ? control.reset().then(() => this.#reopen()) : this.#reopen();
  }

  #reopen(): Promise<void> {
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
    this.#unfollow?.();
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
    if (applied !== params && !this.#source.control) this.#state.patch({ applied: params });
    const { desired_fps: desiredFps, resolution, quality } = params;
    this.#log.debug({ source: this.#source.name }, 'the streamer starts');
    const feed = this.#source.open({ desiredFps, resolution, quality });
    this.#feed.set(feed);
    // Whether there is a picture is told at once, not at the next second.
    this.#unsubscribe = feed.signal.subscribe(() => this.refresh());
    this.#pollTimer = setInterval(() => this.refresh(), this.#delays.poll);
    this.refresh();
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#stopTimer);
    clearInterval(this.#pollTimer);
    const feed = this.#feed.value;
    if (!feed) return;
    this.#log.debug({ source: this.#source.name }, 'the streamer stops');
    this.#unsubscribe();
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
    // Quality, bitrate and GOP are the encoders'; only what the source must know needs a restart.
    if (params.resolution !== applied.resolution) return this.#reopen();
    if (this.#source.encodesJpeg && params.quality !== applied.quality) return this.#reopen();
    if (params.desired_fps !== applied.desired_fps) {
      if (!feed.setDesiredFps) return this.#reopen();
      feed.setDesiredFps(params.desired_fps);
    }
    this.refresh();
  }
}

function limitsOf({ min, max }: ParamRange) {
  return { min, max };
}
