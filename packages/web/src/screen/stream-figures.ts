import { signal } from '@preact/signals';

/** What a stream did in the last second. */
export interface StreamFigures {
  /** Pictures drawn. */
  readonly fps: number;
  /** kbit/s received. */
  readonly kbps: number;
  /** Pictures dropped since the stream began. */
  readonly dropped: number;
  /** A ping of the stream to the server and back, in ms. */
  readonly rttMs: number | undefined;
}

/** Figures of the stream that is drawn; undefined where the browser does not tell (MJPEG). */
export const streamFigures = signal<StreamFigures | undefined>(undefined);

/** Counts what a stream does. */
export class StreamCounter {
  #drawn = 0;
  #bytes = 0;
  #dropped = 0;
  #sinceMs: number;
  #pingAt: number | undefined;
  #rttMs: number | undefined;

  /** `nowMs` is any steady clock, here and below. */
  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  received(bytes: number): void {
    this.#bytes += bytes;
  }

  drew(): void {
    this.#drawn += 1;
  }

  dropped(pictures = 1): void {
    this.#dropped += pictures;
  }

  /** A ping leaves; while one is on its way the time of the first counts. */
  pinged(nowMs: number): void {
    this.#pingAt ??= nowMs;
  }

  ponged(nowMs: number): void {
    if (this.#pingAt === undefined) return;
    this.#rttMs = nowMs - this.#pingAt;
    this.#pingAt = undefined;
  }

  /** The figures since the last call. */
  take(nowMs: number): StreamFigures {
    const seconds = Math.max(nowMs - this.#sinceMs, 1) / 1_000;
    const figures = {
      fps: Math.round(this.#drawn / seconds),
      kbps: Math.round((this.#bytes * 8) / 1_000 / seconds),
      dropped: this.#dropped,
      rttMs: this.#rttMs,
    };
    this.#drawn = 0;
    this.#bytes = 0;
    this.#sinceMs = nowMs;
    return figures;
  }
}
