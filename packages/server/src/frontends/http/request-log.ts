import type { Log } from '../../core/log.ts';
import { changesState } from './origin.ts';

/** Longest path that is logged, characters. */
const MAX_PATH = 200;
/** Input comes many times a second; only its failures are worth a line. */
const INPUT = /\/hid\/events\//;

/** What there is to tell of a request; `url` as the client sent it, `startMs` by performance.now(). */
export interface FinishedRequest {
  readonly method: string | undefined;
  readonly url: string;
  readonly status: number;
  readonly startMs: number;
}

/**
 * Tells of a finished request: those that changed something, and those that failed. The query is
 * left out, it may hold secrets; reads that went well are not worth their cost.
 */
export function logRequest(log: Log, request: FinishedRequest): void {
  const { method, url, status, startMs } = request;
  if (status < 400 && !changesState(method)) return;
  const end = url.search(/[?#]/);
  const path = (end < 0 ? url : url.slice(0, end)).slice(0, MAX_PATH);
  if (status < 400 && INPUT.test(path)) return;
  log.info({ method, path, status, ms: Math.round(performance.now() - startMs) }, 'Request');
}
