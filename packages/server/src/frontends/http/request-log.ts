import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../core/log.ts';
import { changesState } from './origin.ts';

/** Longest path that is logged, characters. */
const MAX_PATH = 200;
/** Input comes many times a second; only its failures are worth a line. */
const INPUT = /\/hid\/events\//;

/**
 * Tells of a finished request: those that changed something, and those that failed. The query is
 * left out, it may hold secrets; reads that went well are not worth their cost.
 */
export function logRequest(
  log: Log,
  request: IncomingMessage,
  response: ServerResponse,
  startMs: number,
): void {
  const status = response.statusCode;
  const { method, url = '' } = request;
  if (status < 400 && !changesState(method)) return;
  const end = url.search(/[?#]/);
  const path = (end < 0 ? url : url.slice(0, end)).slice(0, MAX_PATH);
  if (status < 400 && INPUT.test(path)) return;
  log.info({ method, path, status, ms: Math.round(performance.now() - startMs) }, 'Request');
}
