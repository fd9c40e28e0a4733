import { performance } from 'node:perf_hooks';
import type { Rect } from '../core/video-source.ts';
import { CliError } from './io.ts';

/** A decoded picture, BGRX. */
export interface ProbePicture {
  readonly data: Buffer;
  /** px. */
  readonly width: number;
  readonly height: number;
}

/** The machine as the measurement needs it. */
export interface ProbeTarget {
  /** Sends a key; the time is when it left, ms on the monotonic clock. */
  key(pressed: boolean): number;
  /** Undoes what the key did. */
  undo(): void;
  /** The next file that comes, with when it came, ms; rejects with `signal`. */
  next(signal: AbortSignal): Promise<{ readonly jpeg: Uint8Array; readonly atMs: number }>;
  /** Rejects what is no picture. */
  decode(jpeg: Uint8Array): Promise<ProbePicture>;
  /** Resolves after so many ms; files that come meanwhile are kept. */
  sleep(ms: number): Promise<void>;
}

/** How a measurement is made. */
export interface ProbeOptions {
  readonly count: number;
  /** Before each press, ms; up to a tenth more, to be out of step with the machine's clock. */
  readonly pauseMs: number;
  /** How long a change is waited for, ms. */
  readonly timeoutMs: number;
  /** Where it is looked for; undefined: anywhere. */
  readonly region: Rect | undefined;
}

/** A colour part that differs by more than this is no matter of JPEG. */
const DIFFERENCE = 48;
/** So many pixels make a change: a letter has more. */
const PIXELS = 8;
/** How long the picture must stay by itself before anything is measured, ms. */
const CALM_MS = 2000;

/** Whether two pictures differ in a region by more than an encoder makes of the same. */
export function differs(one: ProbePicture, other: ProbePicture, region: Rect | undefined): boolean {
  if (one.width !== other.width || one.height !== other.height) return true;
  const { x, y, width, height } = region ?? { x: 0, y: 0, ...one };
  let pixels = 0;
  for (let row = y; row < Math.min(one.height, y + height); row += 1) {
    const start = (row * one.width + x) * 4;
    const end = (row * one.width + Math.min(one.width, x + width)) * 4;
    for (let at = start; at < end; at += 4) {
      const isNew = [0, 1, 2].some(
        (part) => Math.abs((one.data[at + part] ?? 0) - (other.data[at + part] ?? 0)) > DIFFERENCE,
      );
      if (isNew) pixels += 1;
      if (pixels >= PIXELS) return true;
    }
  }
  return false;
}

/** What the presses took. */
export interface ProbeResult {
  readonly timesMs: readonly number[];
  readonly lost: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Presses a key again and again and waits for a changed picture each time. Rejects with CliError
 * when the picture changes by itself, or when no press changes anything.
 */
export async function probeLatency(
  target: ProbeTarget,
  options: ProbeOptions,
): Promise<ProbeResult> {
  const { region, pauseMs, timeoutMs } = options;
  let shown = await newest(target, undefined, timeoutMs);
  await target.sleep(CALM_MS);
  // The first picture may be the last one that somebody saw before.
  shown = await newest(target, shown, 0);
  await target.sleep(CALM_MS);
  const later = await newest(target, shown, 0);
  if (differs(shown, later, region)) {
    throw new CliError('The picture changes by itself: choose a --region that stays as it is');
  }
  const timesMs: number[] = [];
  let lost = 0;
  for (let press = 0; press < options.count; press += 1) {
    await target.sleep(pauseMs * (1 + Math.random() / 10));
    shown = await newest(target, later, 0);
    const sentMs = target.key(true);
    const atMs = await untilChanged(target, shown, region, timeoutMs);
    target.key(false);
    if (atMs === undefined) lost += 1;
    else timesMs.push(atMs - sentMs);
    if (timesMs.length === 0 && lost >= 3) {
      throw new CliError(
        'The key changes nothing in the picture: choose another --key or --region',
      );
    }
    target.undo();
  }
  const { width, height } = shown;
  return { timesMs, lost, width, height };
}

/** The last file that has come, or `known` when none did; `waitMs`: for the first one. */
async function newest(
  target: ProbeTarget,
  known: ProbePicture | undefined,
  waitMs: number,
): Promise<ProbePicture> {
  let jpeg: Uint8Array | undefined;
  for (;;) {
    const waits = jpeg === undefined && known === undefined;
    const signal = waits ? AbortSignal.timeout(waitMs) : AbortSignal.abort();
    const next = await target.next(signal).catch(() => undefined);
    if (!next) break;
    ({ jpeg } = next);
  }
  if (jpeg) return target.decode(jpeg);
  if (known) return known;
  throw new CliError('No picture comes from the server');
}

/** When the first file that shows a change came; undefined: none did in time. */
async function untilChanged(
  target: ProbeTarget,
  before: ProbePicture,
  region: Rect | undefined,
  timeoutMs: number,
): Promise<number | undefined> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const leftMs = Math.max(0, Math.ceil(deadlineMs - performance.now()));
    const next = await target.next(AbortSignal.timeout(leftMs)).catch(() => undefined);
    if (!next) return undefined;
    if (differs(before, await target.decode(next.jpeg), region)) return next.atMs;
  }
}
