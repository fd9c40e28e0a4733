import { performance } from 'node:perf_hooks';
import type { Log } from '../../core/log.ts';
import { sleep } from '../../core/sleep.ts';
import { type ReadonlyCell, StateCell, until } from '../../core/state.ts';
import type { Frame, VideoFeed, VideoSignal } from '../../core/video-source.ts';
import { jpegSize } from '../../protocols/jpeg-size.ts';
import { loadNodeAv } from '../../video/node-av.ts';
import { CaptureTrouble } from './capture-trouble.ts';
import { explainSignal, queryDvSignal } from './dv-signal.ts';
import { V4l2Device, type V4l2Options, type V4l2Picture } from './v4l2-device.ts';
import { V4l2Pixels } from './v4l2-pixels.ts';

/** How often a device is asked for a picture that is due, and one without a signal, ms. */
const TICK_MS = 2;
const IDLE_TICK_MS = 20;
/** A picture may come so much of its interval sooner than the last ones did. */
const EARLY = 0.2;
/** Without a picture for so long, or for so many intervals, there is no signal, ms. */
const SILENT_MS = 250;
const SILENT_INTERVALS = 5;
/** A device without a signal is opened anew after that, and so often: what it sends may be another size, ms. */
const REOPEN_MS = 1000;
/** No interval is longer, ms. */
const LONGEST_MS = 200;
/** Pause before a device that failed is opened again; doubled as long as it does not run. */
const BACKOFF_MIN_MS = 500;
const BACKOFF_MAX_MS = 5000;
const STEADY_MS = 10_000;

/** What a feed gets besides. */
export interface V4l2FeedContext {
  /** Folder of node-av; '' = beside the server. */
  readonly nodeAv: string;
  /** The end of the run before: a device is opened once at a time. */
  readonly free: Promise<void>;
  readonly log: Log;
}

/** One run of a capture in this process: reads the device while somebody looks. */
export class V4l2Feed implements VideoFeed {
  onFrame: ((frame: Frame) => void) | undefined;
  /** Resolves when the device is free. */
  readonly closed: Promise<void>;
  readonly #options: V4l2Options;
  readonly #nodeAv: string;
  readonly #ended = new AbortController();
  readonly #trouble: CaptureTrouble;
  readonly #watched = new StateCell(false);
  #pixels: V4l2Pixels | undefined;
  #seq = 0;

  constructor(options: V4l2Options, { nodeAv, free, log }: V4l2FeedContext) {
    this.#options = options;
    this.#nodeAv = nodeAv;
    this.#trouble = new CaptureTrouble(log);
    this.closed = this.#run(free);
  }

  get signal(): ReadonlyCell<VideoSignal> {
    return this.#trouble.signal;
  }

  setWatched(watched: boolean): void {
    this.#watched.set(watched);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.onFrame = undefined;
    this.#ended.abort(new Error('closed'));
    await this.closed;
  }

  async #run(free: Promise<void>): Promise<void> {
    const { signal } = this.#ended;
    await free;
    let backoffMs = BACKOFF_MIN_MS;
    while (!signal.aborted) {
      const startedMs = performance.now();
      const failure = await this.#runOnce().catch(reasonOf);
      if (signal.aborted) return;
      const isSteady = performance.now() - startedMs > STEADY_MS;
      if (isSteady) backoffMs = BACKOFF_MIN_MS;
      this.#trouble.ended(failure, backoffMs, isSteady);
      await sleep(backoffMs, signal).catch(() => {});
      backoffMs = Math.min(BACKOFF_MAX_MS, backoffMs * 2);
    }
  }

  /** Reads until the end, or until the device fails: resolves with why. */
  async #runOnce(): Promise<string> {
    const av = await loadNodeAv(this.#nodeAv);
    while (!this.#ended.signal.aborted) {
      const device = await V4l2Device.open(av, this.#options);
      try {
        if (!device.givesJpeg) this.#pixels = new V4l2Pixels(av, device);
        this.#trouble.answered();
        await this.#read(device);
      } finally {
        this.#pixels?.free();
        this.#pixels = undefined;
        await device.close();
      }
      if (!this.signal.value.online)
        this.#trouble.explained(explainSignal(await queryDvSignal(this.#options.device)));
    }
    return 'closed';
  }

  /** Until the end, or until the device has had no signal for long. */
  async #read(device: V4l2Device): Promise<void> {
    const { signal } = this.#ended;
    const openedMs = performance.now();
    let heardMs = openedMs;
    let intervalMs = 0;
    while (!signal.aborted) {
      if (!this.#watched.value) {
        await until(this.#watched, (watched) => watched, signal).catch(() => {});
        // What has been waiting in the buffers is old.
        while (!signal.aborted && (await device.read()));
        heardMs = performance.now();
        continue;
      }
      const picture = await device.read();
      const nowMs = performance.now();
      if (picture) {
        const sinceMs = Math.min(LONGEST_MS, nowMs - heardMs);
        intervalMs += (sinceMs - intervalMs) / 4;
        heardMs = nowMs;
        await this.#take(device, picture);
        await nap((1 - EARLY) * intervalMs - (performance.now() - nowMs), signal);
        continue;
      }
      const isSilent = nowMs - heardMs > Math.max(SILENT_MS, SILENT_INTERVALS * intervalMs);
      if (isSilent) this.#trouble.pictured(undefined);
      if (isSilent && nowMs - openedMs > REOPEN_MS) return;
      await nap(isSilent ? IDLE_TICK_MS : TICK_MS, signal);
    }
  }

  async #take(device: V4l2Device, { data, grabMs }: V4l2Picture): Promise<void> {
    const times = { grabBeginMs: grabMs, grabEndMs: grabMs };
    if (this.#pixels) {
      const converted = await this.#pixels.convert(data);
      const { width, height } = device;
      this.#trouble.pictured({ width, height });
      if (!converted) return;
      this.#seq += 1;
      this.onFrame?.({ seq: this.#seq, width, height, format: 'bgrx', ...converted, ...times });
      return;
    }
    const size = jpegSize(data);
    if (!size) {
      this.#trouble.brokenPicture();
      return;
    }
    this.#trouble.pictured(size);
    this.#seq += 1;
    this.onFrame?.({ seq: this.#seq, ...size, format: 'jpeg', data, dirty: null, ...times });
  }
}

async function nap(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, signal).catch(() => {});
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
