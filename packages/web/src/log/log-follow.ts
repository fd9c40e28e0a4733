import { RefusedError, request } from '../api.ts';
import { backoffMs } from '../state/backoff.ts';
import { type LogLine, LogLines } from './log.ts';

/** What follows a log is told. */
export interface LogListener {
  /** All kept lines, at most once a frame. */
  readonly lines: (lines: readonly LogLine[]) => void;
  /** Why there is nothing new now; undefined once there is again. */
  readonly trouble: (text: string | undefined) => void;
}

/** Follows the log from `seekS` seconds back (0 = all of it) until the signal aborts. */
export async function followLog(
  seekS: number,
  listener: LogListener,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      const { body } = await request(`api/log?follow=1&seek=${seekS}`, { signal });
      listener.trouble(undefined);
      await readAll(body, listener, signal);
      attempt = 1;
    } catch (error) {
      if (signal.aborted) return;
      listener.trouble(troubleText(error));
    }
    await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt)));
  }
}

async function readAll(
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
  { lines }: LogListener,
  signal: AbortSignal,
): Promise<void> {
  const log = new LogLines();
  let frame: number | undefined;
  const show = () => {
    frame = undefined;
    lines(log.lines);
  };
  signal.addEventListener('abort', () => cancelAnimationFrame(frame ?? 0));
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    log.add(part.value);
    frame ??= requestAnimationFrame(show);
  }
}

function troubleText(error: unknown): string {
  if (!(error instanceof RefusedError)) return 'The log is not reached now; trying again.';
  if (error.status === 403) return 'You may not read the log.';
  return `${error.message}. Trying again.`;
}
