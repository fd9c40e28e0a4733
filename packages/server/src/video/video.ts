import { performance } from 'node:perf_hooks';
import { KvmError, type StreamClientStat, type UstreamerState } from '@crashcart/api';
import type { Log } from '../core/log.ts';
import { StateCell, until } from '../core/state.ts';
import type { Streamer } from '../core/streamer.ts';
import type { Frame, VideoFeed, VideoSignal } from '../core/video-source.ts';
import { FpsMeter } from './fps-meter.ts';
import { drawNoSignal, NO_SIGNAL_SIZE } from './no-signal.ts';
import type { Picture } from './picture.ts';
import { Pictures } from './pictures.ts';
import { makePreview } from './preview.ts';
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

  constructor(streamer: Streamer, log: Log) {
    this.#streamer = streamer;
    const settings = () => {
      const { applied } = streamer.state.value;
      return { quality: applied.quality ?? 80, desiredFps: applied.desired_fps };
    };
    this.pictures = new Pictures(this.#screen, settings, log);
    this.tiles = new Tiles(this.#screen, settings, log);
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

  /** What µStreamer's GET /state tells; also while stopped. */
  state(): UstreamerState {
    const { applied } = this.#streamer.state.value;
    const signal = this.#signal;
    const { width, height } = signal.online ? signal : NO_SIGNAL_SIZE;
    return {
      instance_id: '',
      encoder: { type: 'CPU', quality: applied.quality ?? 80 },
      sinks: { jpeg: { has_clients: this.#sinkUsers > 0 } },
      source: {
        resolution: { width, height },
        online: signal.online,
        desired_fps: applied.desired_fps,
        captured_fps: this.#captured.fps,
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
    if (options.save && !options.load) {
      this.#saved = picture;
      const { online, width, height } = picture;
      this.#streamer.setSaved({ online, width, height });
    }
    const jpeg = options.preview
      ? await makePreview(picture.jpeg, {
          maxWidth: options.previewMaxWidth ?? 0,
          maxHeight: options.previewMaxHeight ?? 0,
          quality: options.previewQuality ?? 80,
        })
      : picture.jpeg;
    return snapshotOf(picture, jpeg);
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
    const kept = this.#isFresh && this.#screen.online;
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
    this.#isFresh = false;
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

  #take(frame: Frame): void {
    this.#captured.count();
    this.#isFresh = this.#watchers > 0;
    if (frame.format === 'jpeg') this.pictures.passThrough(frame);
    else this.#changed(this.#screen.update(frame));
    this.#shown.set(this.#shown.value + 1);
  }

  #signalled(signal: VideoSignal): void {
    // The first frame replaces what is shown; until then there is nothing better.
    if (signal.online) return;
    this.#screen.show(drawNoSignal(signal.reason), performance.now());
    this.#changed(null);
    this.#shown.set(this.#shown.value + 1);
  }

  #changed(dirty: Parameters<Pictures['changed']>[0]): void {
    this.pictures.changed(dirty);
    this.tiles.changed(dirty);
  }
}
