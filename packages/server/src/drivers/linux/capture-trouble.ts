import { basename } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Log } from '../../core/log.ts';
import { type ReadonlyCell, StateCell } from '../../core/state.ts';
import type { VideoSignal } from '../../core/video-source.ts';
import type { ProcessExit } from '../../platform/process.ts';
import { captureRemedy } from './capture-remedy.ts';

type Size = { readonly width: number; readonly height: number };

const STARTING = 'The capture is starting.';
/** Nothing but broken pictures for so long is no signal, ms. */
const BROKEN_MS = 1000;
/** A stream that fails more often in a row is no accident of a program that ends. */
const FAILURES_TO_LOG = 2;

/**
 * Whether there is a picture, and if not, the most telling reason that is known: why the program
 * does not run, what is wrong with its stream, or what it says of its device. Each is logged once.
 */
export class CaptureTrouble {
  readonly #log: Log;
  readonly #signal = new StateCell<VideoSignal>({ online: false, reason: STARTING });
  #down: string | undefined = STARTING;
  #broken: string | undefined;
  #complaint: string | undefined;
  #explanation: string | undefined;
  #size: Size | undefined;
  #loggedEnd: string | undefined;
  #streamFailures = 0;
  #goodMs: number | undefined;
  #saidBroken = false;
  #isUnusable = false;
  #loggedComplaint: string | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  get signal(): ReadonlyCell<VideoSignal> {
    return this.#signal;
  }

  /** Whether it wrote an error since its last picture. */
  get hasComplaint(): boolean {
    return this.#complaint !== undefined;
  }

  /** The program runs and answers. */
  answered(): void {
    this.#down = undefined;
    this.#show();
  }

  /** It says that it has, or has not, a picture of this size in px. */
  sees(size: Size | undefined): void {
    this.#size = size;
    if (size) {
      this.#complaint = undefined;
      this.#explanation = undefined;
    }
    this.#tellUse();
    this.#show();
  }

  /** Its stream is well, and has, or has not, a picture of this size in px. */
  pictured(size: Size | undefined): void {
    this.#broken = undefined;
    this.#streamFailures = 0;
    this.#goodMs = performance.now();
    this.sees(size);
  }

  /** It wrote an error into its log. */
  complained(text: string): void {
    const complaint = text.replace(/\.$/, '');
    const remedy = captureRemedy(complaint);
    this.#complaint = remedy === undefined ? complaint : `${complaint} (${remedy})`;
    this.#isUnusable = remedy !== undefined;
    this.#show();
  }

  /** The device itself says why it has no signal; undefined: it does not. */
  explained(text: string | undefined): void {
    if (this.#size) return;
    this.#explanation = text;
    this.#show();
  }

  /** A picture of its stream was none. */
  brokenPicture(): void {
    const nowMs = performance.now();
    this.#goodMs ??= nowMs;
    if (!this.#saidBroken)
      this.#log.warn({}, 'The capture sends broken pictures; they are dropped');
    this.#saidBroken = true;
    if (nowMs - this.#goodMs < BROKEN_MS) return;
    this.#broken = 'The capture sends broken pictures.';
    this.#show();
  }

  /** Its stream of pictures ended or made no sense; it is opened anew. */
  streamFailed(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.#broken = `The pictures of the capture do not come: ${why}.`;
    this.#streamFailures += 1;
    if (this.#streamFailures === FAILURES_TO_LOG) {
      this.#log.warn({ why }, 'The pictures of the capture do not come; it is tried again');
    }
    this.#show();
  }

  /** Nobody looks any more: what was wrong with the stream is not known to be so still. */
  streamClosed(): void {
    this.#broken = undefined;
    this.#goodMs = undefined;
    this.#show();
  }

  /** The sentence for a program that ended by itself. */
  whyEnded(
    program: string,
    { exit, lastLine }: { readonly exit: ProcessExit; readonly lastLine: string | undefined },
  ): string {
    const how = exit.signal ? `was ended by ${exit.signal}` : `ended with code ${exit.code}`;
    const said = this.#complaint ?? lastLine;
    return `${basename(program)} ${how}${said === undefined ? '' : `: ${said}`}`;
  }

  /** The program does not run; it is started again after `retryMs`, 0 = at once. */
  ended(why: string, retryMs: number, wasSteady: boolean): void {
    if (wasSteady) this.#loggedEnd = undefined;
    if (why !== this.#loggedEnd) this.#log.warn({ why, retryMs }, 'The capture does not run');
    this.#loggedEnd = why;
    const when = retryMs === 0 ? '' : ` after ${Math.round(retryMs / 1000)} s`;
    this.#down = `${why}. It is started again${when}.`;
    this.#size = undefined;
    this.#broken = undefined;
    this.#complaint = undefined;
    this.#goodMs = undefined;
    this.#show();
  }

  /** Once: a device that is missing for days must not fill the log. A program that ends tells it itself. */
  #tellUse(): void {
    const unusable =
      this.#complaint !== undefined && this.#isUnusable ? this.#complaint : undefined;
    if (unusable === this.#loggedComplaint) return;
    if (unusable) this.#log.warn({}, `The capture device cannot be used: ${unusable}`);
    else if (this.#size) this.#log.info({}, 'The capture device is there again');
    else return;
    this.#loggedComplaint = unusable;
  }

  #show(): void {
    const reason = this.#down ?? this.#broken;
    if (reason === undefined && this.#size) this.#signal.set({ online: true, ...this.#size });
    else this.#signal.set({ online: false, reason: reason ?? this.#noSignal() });
  }

  #noSignal(): string {
    // The device knows it better than the program that reads it.
    const told = this.#explanation ?? this.#complaint;
    return `No signal from the capture device${told === undefined ? '' : `: ${told}`}.`;
  }
}
