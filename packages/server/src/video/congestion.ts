import { LAST_STEP } from './rate-limits.ts';

/** A share of lost packets that is too much, and one that is nothing. */
const MUCH_LOSS = 0.1;
const LITTLE_LOSS = 0.02;
/** What an estimate is below by chance: only less than this share of what was sent is trouble by itself. */
const LITTLE_SHARE = 0.5;
/** A loss was there just now, ms. */
const RECENT_MS = 3000;
/** Between two steps down, ms: what was changed shows only after the encoder has begun anew. */
const DOWN_MS = 2000;
/** Without trouble before a step up, ms; doubled each time it was too early, up to the most. */
const UP_MS = 8000;
const MOST_UP_MS = 120_000;
/** A window of what was sent, ms. */
const WINDOW_MS = 1000;

/**
 * Finds the step of RateLimits that a viewer's network bears, from what its receiver reports (RFC 3550,
 * 6.4; REMB). Steps are coarse and rare, as each is a new encoder with a key frame.
 */
export class Congestion {
  #step = 0;
  #downMs = Number.NEGATIVE_INFINITY;
  /** Since when there is no trouble. */
  #calmMs: number;
  #upAfterMs = UP_MS;
  #windowMs: number;
  #windowBytes = 0;
  #sentBitsPerSecond = 0;
  #lossMs = Number.NEGATIVE_INFINITY;

  /** All times in ms on one clock. */
  constructor(nowMs: number) {
    this.#calmMs = nowMs;
    this.#windowMs = nowMs;
  }

  /** 0 = no trouble. */
  get step(): number {
    return this.#step;
  }

  sent(bytes: number, nowMs: number): void {
    this.#turn(nowMs);
    this.#windowBytes += bytes;
  }

  /** A part of what was sent, 0..1, did not come. */
  lost(fraction: number, nowMs: number): void {
    if (fraction > LITTLE_LOSS) this.#lossMs = nowMs;
    if (fraction > MUCH_LOSS) this.#down(nowMs);
    else if (fraction > LITTLE_LOSS) this.#calmMs = nowMs;
    else this.#maybeUp(nowMs);
  }

  /**
   * The receiver thinks that it can take so much. Of a stream that is mostly still it knows little and
   * says little; it counts only where more was really sent. Chromium's is too low by a third on a
   * network without any trouble, so without losses it must be far below.
   */
  estimated(bitsPerSecond: number, nowMs: number): void {
    this.#turn(nowMs);
    const share = nowMs - this.#lossMs < RECENT_MS ? 1 : LITTLE_SHARE;
    if (bitsPerSecond < share * this.#sentBitsPerSecond) this.#down(nowMs);
  }

  #turn(nowMs: number): void {
    const elapsedMs = nowMs - this.#windowMs;
    if (elapsedMs < WINDOW_MS) return;
    this.#sentBitsPerSecond = (this.#windowBytes * 8000) / elapsedMs;
    this.#windowBytes = 0;
    this.#windowMs = nowMs;
  }

  #down(nowMs: number): void {
    this.#calmMs = nowMs;
    if (nowMs - this.#downMs < DOWN_MS) return;
    // It had gone up in vain.
    if (nowMs - this.#downMs < 2 * this.#upAfterMs && this.#step > 0) {
      this.#upAfterMs = Math.min(MOST_UP_MS, 2 * this.#upAfterMs);
    }
    this.#downMs = nowMs;
    this.#step = Math.min(LAST_STEP, this.#step + 1);
  }

  #maybeUp(nowMs: number): void {
    if (this.#step === 0 || nowMs - this.#calmMs < this.#upAfterMs) return;
    this.#step -= 1;
    this.#calmMs = nowMs;
  }
}
