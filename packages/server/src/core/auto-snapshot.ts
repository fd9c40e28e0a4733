import type { KeyName } from '@crashcart/api';
import { anySignal } from './any-signal.ts';
import type { Hid } from './hid.ts';
import type { Log } from './log.ts';
import { sleep } from './sleep.ts';
import { type ReadonlyCell, until } from './state.ts';
import type { Streamer } from './streamer.ts';

/** When and how pictures are kept without being asked for. */
export interface AutoSnapshotOptions {
  /** Between two while nobody watches, ms; 0 = none. */
  readonly idleMs: number;
  /** Between two while somebody watches, ms; 0 = none. */
  readonly liveMs: number;
  /** Clicked while nobody watches, before the picture is taken. */
  readonly wakeupKey: KeyName | undefined;
  /** Steps of the pointer there and back, for the same; 0 = none. */
  readonly wakeupMove: number;
  /** What a machine that was woken gets until its picture is there, ms. */
  readonly onlineDelayMs: number;
  /** How often it is tried, at least 1. */
  readonly tries: number;
  /** Between two tries, ms. */
  readonly retryDelayMs: number;
}

/** What `AutoSnapshot` works with. */
export interface AutoSnapshotParts {
  readonly hid: Pick<Hid, 'wake'>;
  readonly streamer: Pick<Streamer, 'keep' | 'viewers'>;
  /** Takes a picture and keeps it; rejects when there is none now. */
  readonly take: () => Promise<unknown>;
  readonly log: Log;
  /** How to wait; core's `sleep` unless told. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The longest time that a timer takes, ms. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Keeps a picture of the machine from time to time. While nobody watches it starts the streamer for
 * that and wakes the machine's screen. The time runs anew when the first viewer comes and when the
 * last one goes.
 */
export class AutoSnapshot {
  readonly #options: AutoSnapshotOptions;
  readonly #parts: AutoSnapshotParts;
  readonly #sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly #ended = new AbortController();
  readonly #done: Promise<void>;

  constructor(options: AutoSnapshotOptions, parts: AutoSnapshotParts) {
    this.#options = options;
    this.#parts = parts;
    this.#sleep = parts.sleep ?? sleep;
    const { idleMs, liveMs } = options;
    this.#done = idleMs > 0 || liveMs > 0 ? this.#run() : Promise.resolve();
  }

  /** Ends it; what is under way is given up. */
  async close(): Promise<void> {
    this.#ended.abort(new Error('closed'));
    await this.#done;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      const live = this.#parts.streamer.viewers.value > 0;
      if (!(await this.#due(live))) continue;
      try {
        await this.#snapshot(live);
      } catch (error) {
        if (signal.aborted) return;
        this.#parts.log.warn({ err: error }, 'The automatic snapshot failed');
      }
    }
  }

  /** True when the time is up; false when somebody came, all went, or it ends. */
  async #due(live: boolean): Promise<boolean> {
    const { idleMs, liveMs } = this.#options;
    const waitMs = Math.min(live ? liveMs : idleMs, LONGEST_MS);
    const decided = new AbortController();
    const signal = anySignal([this.#ended.signal, decided.signal]);
    const viewers: ReadonlyCell<number> = this.#parts.streamer.viewers;
    const turned = until(viewers, (count) => count > 0 !== live, signal).then(() => false);
    const time = waitMs > 0 ? this.#sleep(waitMs, signal).then(() => true) : turned;
    try {
      return await Promise.race([time, turned]);
    } catch {
      return false;
    } finally {
      decided.abort(new Error('decided'));
      await Promise.allSettled([time, turned]);
    }
  }

  async #snapshot(live: boolean): Promise<void> {
    const { wakeupKey, wakeupMove, onlineDelayMs, tries, retryDelayMs } = this.#options;
    const { hid, streamer, take, log } = this.#parts;
    const { signal } = this.#ended;
    const release = streamer.keep();
    try {
      if (!live) {
        await hid.wake(wakeupKey, wakeupMove, signal);
        await this.#sleep(onlineDelayMs, signal);
      }
      for (let left = tries - 1; ; left -= 1) {
        try {
          await take();
          return;
        } catch (error) {
          if (left === 0 || signal.aborted) throw error;
          log.debug({ err: error, left }, 'No picture for the automatic snapshot yet');
        }
        await this.#sleep(retryDelayMs, signal);
      }
    } finally {
      release();
    }
  }
}
