import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Log } from '../core/log.ts';
import type { AccessUnit } from '../protocols/flv-avc.ts';
import { FpsMeter } from './fps-meter.ts';
import type { H264Encoder, H264Picture, H264Settings, OpenH264Encoder } from './h264-encoder.ts';
import { ffmpegEncoder } from './h264-ffmpeg.ts';
import { Flight } from './h264-flight.ts';
import { Settling } from './h264-settling.ts';
import { type H264Viewer, H264Viewers } from './h264-viewers.ts';
import { JpegEncoder } from './jpeg-encoder.ts';
import { Pacer } from './pacer.ts';
import type { Picture } from './picture.ts';
import type { Screen } from './screen.ts';

/** What the encoder is told by the parameters of the streamer. */
export interface H264Params {
  /** kbit/s. */
  readonly bitrate: number;
  /** Frames between key frames, 0 = only those that are asked for. */
  readonly gop: number;
  readonly desiredFps: number;
}

/** A viewer's place in the hub. */
export interface H264Seat {
  /** The viewer is ready again. */
  resume(): void;
  /** A key frame is wanted. */
  refresh(): void;
  leave(): void;
}

interface Shown extends H264Picture {
  readonly width: number;
  readonly height: number;
}

/** The rate that the bitrate is shared out by where none is asked for. */
const USUAL_FPS = 30;
/** Between two key frames that are asked for, of all viewers together, ms. */
const KEY_PAUSE_MS = 250;
/** An encoder is kept for who comes back, ms: its start costs more than its pause. */
const LINGER_MS = 1000;
/** Of a file that is made only to be encoded again. */
const FILE_QUALITY = 90;
/** From one start of the encoder to the next for another size, ms. */
const RESTART_MS = 200;
/** A key frame that has not come by then is asked for again, ms. */
const LOST_KEY_MS = 400;
/** From the encoder's end to the next try: doubled each time, up to the most, ms. */
const RETRY_MS = 1000;
const MOST_RETRY_MS = 60_000;
/** Who ran so long had worked, ms. */
const WORKED_MS = 60_000;

/**
 * The screen as H.264: encoded once for all who want it, only while somebody does, and only when
 * something has changed. An encoder that ends is started anew after a pause.
 */
export class H264 {
  readonly #screen: Screen;
  readonly #params: () => H264Params;
  readonly #log: Log;
  readonly #open: OpenH264Encoder;
  readonly #viewers = new H264Viewers();
  readonly #pacer: Pacer;
  readonly #meter = new FpsMeter();
  readonly #files = new JpegEncoder();
  #encoder: H264Encoder | undefined;
  #startedMs = Number.NEGATIVE_INFINITY;
  #restartTimer: NodeJS.Timeout | undefined;
  #lingerTimer: NodeJS.Timeout | undefined;
  /** What is shown instead of the screen. */
  #file: Picture | undefined;
  /** Grows with every change. */
  #seq = 0;
  #encodedSeq = -1;
  #keyWanted = false;
  #keyMs = Number.NEGATIVE_INFINITY;
  #keyTimer: NodeJS.Timeout | undefined;
  readonly #settling = new Settling(() => this.#pacer.wake());
  readonly #flight = new Flight(() => this.#pacer.wake());
  #retryMs = RETRY_MS;
  #retryTimer: NodeJS.Timeout | undefined;

  constructor(screen: Screen, params: () => H264Params, log: Log, open = ffmpegEncoder()) {
    this.#screen = screen;
    this.#params = params;
    this.#log = log;
    this.#open = open;
    this.#pacer = new Pacer(
      () => this.#turn(),
      () => this.#params().desiredFps,
    );
  }

  /** Whether somebody wants it. */
  get watched(): boolean {
    return this.#viewers.size > 0;
  }

  /** Whether the encoder runs. */
  get online(): boolean {
    return this.#encoder !== undefined;
  }

  /** Encoded pictures per second. */
  get fps(): number {
    return this.#meter.fps;
  }

  /** The first message is a key frame, as soon as there is a picture. */
  join(viewer: H264Viewer): H264Seat {
    const member = this.#viewers.add(viewer);
    clearTimeout(this.#lingerTimer);
    this.#wantKey();
    return {
      resume: () => {
        if (member.isWaiting) this.#wantKey();
      },
      refresh: () => this.#wantKey(),
      leave: () => {
        if (!this.#viewers.delete(member) || this.#viewers.size > 0) return;
        this.#lingerTimer = setTimeout(() => this.#stop(), LINGER_MS);
      },
    };
  }

  /** The screen has changed. */
  changed(): void {
    this.#show(undefined);
  }

  /** A source that gives complete files: this is the newest one. */
  passThrough(file: Picture): void {
    // Such a source repeats itself.
    if (!this.#file?.jpeg.equals(file.jpeg)) this.#show(file);
  }

  /** Nothing is shown any more. */
  clear(): void {
    this.#file = undefined;
  }

  #show(file: Picture | undefined): void {
    this.#file = file;
    this.#seq += 1;
    if (this.#viewers.size > 0) this.#pacer.wake();
  }

  close(): void {
    this.#pacer.close();
    this.#viewers.clear();
    clearTimeout(this.#retryTimer);
    this.#stop();
  }

  #wantKey(): void {
    if (this.#viewers.size === 0) return;
    this.#keyWanted = true;
    this.#pacer.wake();
  }

  async #turn(): Promise<void> {
    // Copying a whole screen takes some ms: keys go between.
    await setImmediate();
    const seq = this.#seq;
    const shown = await this.#taken(this.#shown());
    if (this.#viewers.size === 0 || !shown) return;
    const encoder = this.#current(shown);
    if (!encoder || this.#flight.holds()) return;
    const key = this.#takeKey();
    const settles = this.#settling.take();
    if (seq !== this.#encodedSeq) this.#settling.begin(this.#params().bitrate);
    else if (!key && !settles) return;
    this.#encodedSeq = seq;
    this.#settling.cancel();
    this.#flight.sent();
    await encoder.encode(shown.data, key);
    if (this.#encoder === encoder) this.#settling.wait();
  }

  #shown(): Shown | undefined {
    if (this.#file) {
      const { jpeg, width, height } = this.#file;
      return { format: 'jpeg', width, height, data: jpeg };
    }
    const { present, width, height, data } = this.#screen;
    return present ? { format: 'bgrx', width, height, data } : undefined;
  }

  /**
   * What is shown as the running encoder takes it: the picture that says why there is none becomes a
   * file where files came before it, for a file is sooner there than another encoder.
   */
  async #taken(shown: Shown | undefined): Promise<Shown | undefined> {
    if (shown?.format !== 'bgrx' || this.#screen.online) return shown;
    const running = this.#encoder?.settings;
    if (running?.format !== 'jpeg') return shown;
    const { width, height } = shown;
    if (running.width !== width || running.height !== height) return shown;
    const data = await this.#files.encode(shown, null, FILE_QUALITY).catch(() => undefined);
    this.#files.clear();
    return data === undefined ? shown : { format: 'jpeg', width, height, data };
  }

  /** The encoder for what is shown now; undefined in the pause after one has failed. */
  #current({ format, width, height }: Shown): H264Encoder | undefined {
    const { bitrate, gop, desiredFps } = this.#params();
    const fps = desiredFps || USUAL_FPS;
    const settings: H264Settings = { format, width, height, bitrate, gop, fps };
    if (this.#encoder && isDeepStrictEqual(this.#encoder.settings, settings)) return this.#encoder;
    if (this.#retryTimer) return undefined;
    const waitMs = this.#startedMs + RESTART_MS - performance.now();
    if (this.#encoder && waitMs >= 1) {
      this.#restartTimer ??= setTimeout(() => {
        this.#restartTimer = undefined;
        this.#pacer.wake();
      }, waitMs);
      return undefined;
    }
    this.#encoder?.close();
    this.#startedMs = performance.now();
    // Its first picture is a key frame.
    this.#keyMs = this.#startedMs;
    this.#keyWanted = false;
    this.#encodedSeq = -1;
    this.#flight.clear();
    this.#encoder = this.#open(settings, {
      onUnit: (unit) => this.#deliver(unit),
      onEnd: (reason) => this.#ended(reason),
    });
    return this.#encoder;
  }

  /** Whether the next picture is to be a key frame; when one is wanted too early, it comes later. */
  #takeKey(): boolean {
    if (!this.#keyWanted) return false;
    const nowMs = performance.now();
    const pauseMs = this.#keyMs + KEY_PAUSE_MS - nowMs;
    if (pauseMs > 0) {
      this.#keyTimer ??= setTimeout(() => {
        this.#keyTimer = undefined;
        this.#pacer.wake();
      }, pauseMs);
      return false;
    }
    this.#keyWanted = false;
    this.#keyMs = nowMs;
    return true;
  }

  #deliver(unit: AccessUnit): void {
    this.#meter.count();
    this.#flight.came();
    const isKeyWanted = this.#viewers.deliver(unit);
    // A broken picture makes none.
    if (isKeyWanted && performance.now() - this.#keyMs > LOST_KEY_MS) this.#wantKey();
  }

  #ended(reason: string): void {
    this.#encoder = undefined;
    this.#settling.cancel();
    if (performance.now() - this.#startedMs > WORKED_MS) this.#retryMs = RETRY_MS;
    this.#log.error({ reason, retryMs: this.#retryMs }, 'The H.264 encoder ended');
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      if (this.#viewers.size > 0) this.#pacer.wake();
    }, this.#retryMs);
    this.#retryTimer.unref();
    this.#retryMs = Math.min(2 * this.#retryMs, MOST_RETRY_MS);
  }

  #stop(): void {
    this.#encoder?.close();
    this.#encoder = undefined;
    this.#keyWanted = false;
    clearTimeout(this.#lingerTimer);
    clearTimeout(this.#keyTimer);
    this.#keyTimer = undefined;
    clearTimeout(this.#restartTimer);
    this.#restartTimer = undefined;
    this.#settling.cancel();
    this.#flight.clear();
  }
}
