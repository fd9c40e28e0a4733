import { performance } from 'node:perf_hooks';
import {
  KvmError,
  type StreamClientStat,
  type StreamerParams,
  type UstreamerState,
} from '@crashcart/api';
import type { Log } from '../core/log.ts';
import { StateCell, until } from '../core/state.ts';
import type { Streamer } from '../core/streamer.ts';
import type { Frame, VideoFeed, VideoSignal } from '../core/video-source.ts';
import { FpsMeter } from './fps-meter.ts';
import { H264 } from './h264.ts';
import type { OpenH264Encoder } from './h264-encoder.ts';
import { drawNoSignal, NO_SIGNAL_SIZE, noSignalSize } from './no-signal.ts';
import type { Picture } from './picture.ts';
import { Pictures } from './pictures.ts';
import { makePreview } from './preview.ts';
import { RateLimits } from './rate-limits.ts';
import { Screen } from './screen.ts';
import { type Snapshot, type SnapshotOptions, snapshotOf } from './snapshot.ts';
import { Tiles } from './tiles.ts';

/** How long a snapshot waits for a fresh picture before it takes the last one, ms. */
const FRESH_MS = 1000;

/**
 * The hub of a machine's video: takes the frames of the running capture, keeps the newest one, and
 * gives it to encoders that run only while somebody wants their output.
 */
export class Video {
  readonly pictures: Pictures;
  readonly tiles: Tiles;
  readonly h264: H264;
  /** Of H.264, for the networks of its viewers. */
  readonly rateLimits = new RateLimits();
  readonly #streamer: Streamer;
  readonly #screen = new Screen();
  readonly #captured = new FpsMeter();
  /** Counts what was shown, for those who wait for something fresh. */
  readonly #shown = new StateCell(0);
  readonly #streams = new Map<string, () => StreamClientStat>();
  #sinkUsers = 0;
  #watchers = 0;
  /** Whether the picture was taken for those who watch now, and is not from before them. */
  #isFresh = false;
  #unsubscribe: () => void = () => {};
  readonly #unsubscribeFeed: () => void;
  #saved: Picture | undefined;
  /** Of the machine's last picture, or what stands for it, px. */
  #size: { readonly width: number; readonly height: number } = NO_SIGNAL_SIZE;

  /** `openH264`: how H.264 is encoded (by ffmpeg). */
  constructor(streamer: Streamer, log: Log, openH264?: OpenH264Encoder) {
    this.#streamer = streamer;
    const settings = () => {
      const { applied } = streamer.state.value;
      return { quality: applied.quality ?? 80, desiredFps: applied.desired_fps };
    };
    this.pictures = new Pictures(this.#screen, settings, log);
    this.tiles = new Tiles(this.#screen, settings, log);
    const h264 = () => {
      const { desired_fps: desiredFps, h264_bitrate, h264_gop } = streamer.state.value.applied;
      const asked = { bitrate: h264_bitrate ?? 0, gop: h264_gop ?? 0, desiredFps };
      return this.rateLimits.apply(asked);
    };
    this.h264 = new H264(this.#screen, h264, log, openH264);
    streamer.setMeter(() => this.state());
    this.#unsubscribeFeed = streamer.feed.subscribe((feed) => this.#adopt(feed));
    this.#adopt(streamer.feed.value);
  }

  /** Somebody looks at the picture: the streamer runs, and the source keeps it fresh. */
  watch(): () => void {
    const release = this.#streamer.acquire();
    const unwatch = this.#addWatcher();
    return () => {
      unwatch();
      release();
    };
  }

  /** Counts an MJPEG client in `clients_stat`. */
  addStream(id: string, stat: () => StreamClientStat): () => void {
    this.#streams.set(id, stat);
    return () => {
      this.#streams.delete(id);
    };
  }

  /** Counts a JPEG client of /media/ws in `sinks`. */
  addSinkUser(): () => void {
    this.#sinkUsers += 1;
    return () => {
      this.#sinkUsers -= 1;
    };
  }

  /** Whether `h264` is to be had. */
  get offersH264(): boolean {
    return this.#streamer.state.value.features.h264;
  }

  /** Pictures from one key frame of `h264` to the next; 0 = only those that are asked for. */
  get h264Gop(): number {
    return this.#streamer.state.value.applied.h264_gop ?? 0;
  }

  /** What µStreamer's GET /state tells; also while stopped. */
  state(): UstreamerState {
    const { applied } = this.#streamer.state.value;
    const signal = this.#signal;
    const { width, height } = signal.online ? signal : this.#size;
    // A capture program knows better, but not who watches: those are our clients.
    const told = this.#streamer.feed.value?.report?.value;
    const hasJpegClients = this.#sinkUsers > 0 || (told?.sinks?.jpeg?.has_clients ?? false);
    const h264 = this.h264.watched ? this.#h264State(applied) : told?.h264;
    return {
      instance_id: told?.instance_id ?? '',
      encoder: told?.encoder ?? { type: 'CPU', quality: applied.quality ?? 80 },
      ...(told?.drm ? { drm: told.drm } : {}),
      ...(h264 ? { h264 } : {}),
      sinks: {
        ...told?.sinks,
        jpeg: { has_clients: hasJpegClients },
        ...(this.h264.watched ? { h264: { has_clients: true } } : {}),
      },
      source: {
        resolution: { width, height },
        online: signal.online,
        desired_fps: told?.source.desired_fps ?? applied.desired_fps,
        captured_fps: told?.source.captured_fps ?? this.#captured.fps,
        ...(signal.online ? {} : { reason: signal.reason }),
      },
      stream: {
        queued_fps: this.pictures.fps,
        clients: this.#streams.size,
        clients_stat: Object.fromEntries([...this.#streams].map(([id, stat]) => [id, stat()])),
      },
    };
  }

  /**
   * The picture of now; UnavailableError when the streamer does not run, when there is no signal
   * (unless `allowOffline`), or when nothing was kept (`load`).
   */
  async snapshot(options: SnapshotOptions = {}): Promise<Snapshot> {
    const picture = options.load ? this.#saved : await this.#fresh(options.allowOffline ?? false);
    if (!picture) throw new KvmError('UnavailableError');
    const jpeg = options.preview
      ? await makePreview(picture.jpeg, {
          maxWidth: options.previewMaxWidth ?? 0,
          maxHeight: options.previewMaxHeight ?? 0,
          quality: options.previewQuality ?? 80,
        })
      : picture.jpeg;
    const keep = () => {
      this.#saved = picture;
      const { online, width, height } = picture;
      this.#streamer.setSaved({ online, width, height });
    };
    if (options.save && !options.load) keep();
    return { ...snapshotOf(picture, jpeg), keep };
  }

  /** Forgets the kept picture. */
  removeSnapshot(): void {
    this.#saved = undefined;
    this.#streamer.setSaved(null);
  }

  close(): void {
    this.#unsubscribeFeed();
    this.#adopt(undefined);
    this.pictures.close();
    this.tiles.close();
    this.h264.close();
  }

  /** Whether there are pixels to cut tiles from: a source that encodes by itself gives files. */
  get hasTiles(): boolean {
    return !this.#streamer.encodesItself;
  }

  /** Whether each tile is the whole picture. */
  get hasWholeTiles(): boolean {
    return this.#streamer.givesFiles;
  }

  get #signal(): VideoSignal {
    return (
      this.#streamer.feed.value?.signal.value ?? {
        online: false,
        reason: 'The streamer is stopped: nobody watches.',
      }
    );
  }

  #addWatcher(): () => void {
    this.#watchers += 1;
    this.#streamer.feed.value?.setWatched(true);
    let watching = true;
    return () => {
      if (!watching) return;
      watching = false;
      this.#watchers -= 1;
      if (this.#watchers > 0) return;
      this.#isFresh = false;
      this.#streamer.feed.value?.setWatched(false);
    };
  }

  async #fresh(allowOffline: boolean): Promise<Picture> {
    if (!this.#streamer.feed.value) throw new KvmError('UnavailableError');
    const kept = this.#isFresh;
    const before = this.#shown.value;
    const unwatch = this.#addWatcher();
    try {
      if (this.#signal.online && !kept) {
        // Whatever comes first: a whole picture, or the sign that there is none any more.
        const timeout = AbortSignal.timeout(FRESH_MS);
        await until(this.#shown, (shown) => shown !== before, timeout).catch(() => {});
      }
      if (!this.#signal.online && !allowOffline) throw new KvmError('UnavailableError');
      const picture = await this.pictures.current();
      if (!picture.online && !allowOffline) throw new KvmError('UnavailableError');
      return picture;
    } finally {
      unwatch();
    }
  }

  #adopt(feed: VideoFeed | undefined): void {
    this.#unsubscribe();
    this.#unsubscribe = () => {};
    this.#screen.clear();
    this.h264.clear();
    this.#isFresh = false;
    // As of µStreamer, a new capture knows nothing of what the one before had seen.
    this.#size = NO_SIGNAL_SIZE;
    if (!feed) return;
    feed.onFrame = (frame) => this.#take(frame);
    const unsubscribe = feed.signal.subscribe((signal) => this.#signalled(signal));
    this.#unsubscribe = () => {
      unsubscribe();
      feed.onFrame = undefined;
    };
    this.#signalled(feed.signal.value);
    if (this.#watchers > 0) feed.setWatched(true);
  }

  #h264State({ h264_bitrate: bitrate = 0, h264_gop: gop = 0 }: StreamerParams) {
    const { online, fps } = this.h264;
    return { bitrate, gop, online, fps };
  }

  #take(frame: Frame): void {
    this.#captured.count();
    this.#isFresh = this.#watchers > 0;
    if (frame.format === 'jpeg') {
      const picture = this.pictures.passThrough(frame);
      this.tiles.passThrough(picture);
      this.h264.passThrough(picture);
    } else {
      const dirty = this.#screen.update(frame);
      if (dirty === null || dirty.length > 0) this.#changed(dirty);
    }
    this.#shown.set(this.#shown.value + 1);
  }

  #signalled(signal: VideoSignal): void {
    // The first frame replaces what is shown; until then there is nothing better.
    if (signal.online) {
      this.#size = noSignalSize(signal);
      return;
    }
    this.#isFresh = false;
    this.#screen.show(drawNoSignal(signal.reason, this.#size), performance.now());
    this.#changed(null);
    this.#shown.set(this.#shown.value + 1);
  }

  #changed(dirty: Parameters<Pictures['changed']>[0]): void {
    this.pictures.changed(dirty);
    this.tiles.changed(dirty);
    this.h264.changed();
  }
}
