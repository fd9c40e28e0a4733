import { performance } from 'node:perf_hooks';
import { anySignal } from '../../core/any-signal.ts';
import type { CaptureReport } from '../../core/capture.ts';
import type { Log } from '../../core/log.ts';
import { sleep } from '../../core/sleep.ts';
import { type ReadonlyCell, StateCell, until } from '../../core/state.ts';
import type { Frame, VideoFeed, VideoSignal } from '../../core/video-source.ts';
import { unixHttpGetJson } from '../../platform/unix-http.ts';
import { CaptureTrouble } from './capture-trouble.ts';
import { type DvSignal, explainSignal } from './dv-signal.ts';
import { MissedSignal } from './missed-signal.ts';
import { SilenceWatch } from './silence.ts';
import { runChild } from './ustreamer-child.ts';
import type { Command } from './ustreamer-command.ts';
import { parseReport } from './ustreamer-report.ts';
import { readStream, type StreamPicture } from './ustreamer-stream.ts';

/** How a feed runs its µStreamer. */
export interface FeedOptions {
  readonly preStart: Command;
  readonly postStop: Command;
  readonly socketPath: string;
  /** How often GET /state is asked, and how long its answer may take, ms. */
  readonly statePollMs: number;
  readonly timeoutMs: number;
  /** Without a picture for so long the stream is opened anew, ms. */
  readonly stallMs: number;
  /** Without an answer for so long the program is stuck and started anew, ms. */
  readonly hangMs: number;
  /** A signal that the device has and the program does not see for so long: it is started anew, ms. */
  readonly missMs: number;
  /** Asks the device itself for its signal. */
  readonly askDevice: () => Promise<DvSignal>;
  readonly log: Log;
}

/** How often a program that has just been started is asked whether it is there, ms. */
const FIRST_POLL_MS = 30;
/** Pause before a broken stream is opened anew, ms. */
const REOPEN_MS = 1000;
/** Pause after the program's end; doubled as long as it does not run for STEADY_MS, none after that. */
const BACKOFF_MIN_MS = 1000;
const BACKOFF_MAX_MS = 30_000;
const STEADY_MS = 10_000;

/** One run of the capture: keeps µStreamer running, and takes its pictures while somebody looks. */
export class UstreamerFeed implements VideoFeed {
  onFrame: ((frame: Frame) => void) | undefined;
  /** Resolves when the program has ended and its device is free. */
  readonly closed: Promise<void>;
  readonly #options: FeedOptions;
  readonly #ended = new AbortController();
  readonly #trouble: CaptureTrouble;
  readonly #report = new StateCell<CaptureReport | undefined>(undefined);
  readonly #watched = new StateCell(false);
  readonly #silence = new SilenceWatch(() => void this.#fellSilent());
  readonly #missed: MissedSignal;
  #wake: () => void = () => {};
  #restart: (why: string) => void = () => {};
  #isStreaming = false;
  #isAsking = false;
  /** The newest picture is the one before it. */
  #repeats = false;
  #seq = 0;
  /** Pictures of the stream, without those that are told again. */
  #grabs = 0;

  /** Waits for `free`, the end of the run before: both have the same device and socket. */
  constructor(options: FeedOptions, command: () => Promise<Command>, free: Promise<void>) {
    this.#options = options;
    this.#trouble = new CaptureTrouble(options.log);
    this.#missed = new MissedSignal(options.missMs);
    this.closed = this.#run(command, free);
  }

  get signal(): ReadonlyCell<VideoSignal> {
    return this.#trouble.signal;
  }

  get report(): ReadonlyCell<CaptureReport | undefined> {
    return this.#report;
  }

  setWatched(watched: boolean): void {
    this.#watched.set(watched);
  }

  /** The state may have changed: it is read now. */
  poll(): void {
    this.#wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.onFrame = undefined;
    this.#ended.abort(new Error('closed'));
    await this.closed;
  }

  async #run(command: () => Promise<Command>, free: Promise<void>): Promise<void> {
    const { signal } = this.#ended;
    await free;
    let backoffMs = BACKOFF_MIN_MS;
    while (!signal.aborted) {
      const startedMs = performance.now();
      const failure = await this.#runOnce(command);
      if (signal.aborted) return;
      this.#report.set(undefined);
      const isSteady = performance.now() - startedMs > STEADY_MS;
      const pauseMs = isSteady ? 0 : backoffMs;
      this.#trouble.ended(failure, pauseMs, isSteady);
      await sleep(pauseMs, signal).catch(() => {});
      backoffMs = isSteady ? BACKOFF_MIN_MS : Math.min(BACKOFF_MAX_MS, backoffMs * 2);
    }
  }

  /** Runs the program to its end; resolves with why it ended. */
  async #runOnce(command: () => Promise<Command>): Promise<string> {
    const over = new AbortController();
    const stuck = new AbortController();
    const stop = anySignal([this.#ended.signal, stuck.signal, over.signal]);
    try {
      const argv = await command();
      const [program] = argv;
      this.#restart = (why) => stuck.abort(why);
      this.#missed.started();
      const loops = [this.#pollState(stop), this.#follow(stop)];
      try {
        const ended = await runChild(argv, this.#options, stop, (text) => this.#complained(text));
        if (stuck.signal.aborted) return `${program} ${stuck.signal.reason}`;
        return this.#trouble.whyEnded(program, ended);
      } finally {
        over.abort(new Error('the program has ended'));
        await Promise.all(loops);
      }
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      over.abort(new Error('the program has ended'));
    }
  }

  async #pollState(stop: AbortSignal): Promise<void> {
    const { socketPath, statePollMs, timeoutMs, hangMs, log } = this.#options;
    let heardMs = performance.now();
    while (!stop.aborted) {
      try {
        this.#reported(parseReport(await unixHttpGetJson(socketPath, '/state', timeoutMs, stop)));
        heardMs = performance.now();
      } catch (error) {
        if (stop.aborted) return;
        if (this.#report.value) log.debug({ err: error }, 'µStreamer does not tell its state');
        if (performance.now() - heardMs > hangMs) this.#restart('did not answer any more');
      }
      await this.#nap(this.#report.value ? statePollMs : FIRST_POLL_MS, stop);
    }
  }

  /** Until the time is over, or something may have changed. */
  async #nap(ms: number, stop: AbortSignal): Promise<void> {
    const nap = new AbortController();
    this.#wake = () => nap.abort();
    await sleep(ms, anySignal([stop, nap.signal])).catch(() => {});
    nap.abort();
  }

  #reported(report: CaptureReport): void {
    this.#report.set(report);
    this.#trouble.answered();
    // The pictures themselves know it sooner.
    if (!this.#isStreaming) {
      const { online, resolution } = report.source;
      this.#trouble.sees(online ? resolution : undefined);
    }
    if (this.signal.value.online) this.#missed.seen();
    else void this.#explain();
  }

  async #explain(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const signal = await this.#options.askDevice();
    this.#isAsking = false;
    if (this.signal.value.online) return;
    this.#trouble.explained(explainSignal(signal));
    // A change that came while it opened the device has passed it by.
    if (this.#missed.isMissed(signal.kind === 'present', performance.now())) {
      this.#restart('did not see the signal that its device has');
    }
  }

  /** Takes pictures while somebody looks. */
  async #follow(stop: AbortSignal): Promise<void> {
    const { socketPath, stallMs } = this.#options;
    while (!stop.aborted) {
      try {
        await until(this.#watched, (watched) => watched, stop);
        await until(this.#report, (report) => report !== undefined, stop);
      } catch {
        return;
      }
      const left = new AbortController();
      const leave = () => left.abort(new Error('nobody looks'));
      const unsubscribe = this.#watched.subscribe(leave);
      const signal = anySignal([stop, left.signal]);
      if (!this.#watched.value) leave();
      let hasFailed = false;
      try {
        const onPicture = (picture: StreamPicture) => this.#take(picture);
        await readStream({ socketPath, stallMs, signal, onPicture });
      } catch (error) {
        hasFailed = !signal.aborted;
        if (hasFailed) this.#trouble.streamFailed(error);
        else this.#trouble.streamClosed();
      }
      unsubscribe();
      leave();
      this.#isStreaming = false;
      this.#silence.rest();
      if (hasFailed) await sleep(REOPEN_MS, stop).catch(() => {});
    }
  }

  /** With --persistent it keeps the last picture of a device that gives no more, and only logs it. */
  get #isFrozen(): boolean {
    return this.#repeats && this.#trouble.hasComplaint;
  }

  #complained(text: string): void {
    this.#trouble.complained(text);
    if (this.#isStreaming && this.#isFrozen) this.#trouble.pictured(undefined);
  }

  /** A device that says nothing of it; one whose µStreamer is late itself is not silent. */
  async #fellSilent(): Promise<void> {
    const { socketPath, timeoutMs } = this.#options;
    const seq = this.#grabs;
    try {
      await unixHttpGetJson(socketPath, '/state', timeoutMs, this.#ended.signal);
    } catch {
      return;
    }
    if (seq !== this.#grabs || !this.#isStreaming) return;
    this.#repeats = true;
    this.#complained('It gives no pictures');
  }

  #take({ jpeg, size, online, repeated, grabBeginMs, grabEndMs }: StreamPicture): void {
    this.#isStreaming = true;
    this.#repeats = repeated;
    if (!repeated) this.#grabs += 1;
    if (!online) this.#silence.rest();
    else if (!repeated) this.#silence.heard(performance.now());
    if (!online || this.#isFrozen) this.#trouble.pictured(undefined);
    else if (!size) this.#trouble.brokenPicture();
    else {
      this.#trouble.pictured(size);
      this.#seq += 1;
      this.onFrame?.({
        ...{ seq: this.#seq, ...size, format: 'jpeg', data: jpeg, dirty: null },
        ...{ grabBeginMs, grabEndMs },
      });
    }
  }
}
