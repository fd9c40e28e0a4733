import type { SessionState, SessionsState } from '@crashcart/api';
import { post, RefusedError, request, UnreachableError } from '../api.ts';
import { loggedOut } from '../login/session.ts';

/** The sessions that one may see. Throws as `request` does. */
export async function listSessions(signal: AbortSignal): Promise<SessionsState> {
  const response = await request('api/auth/sessions', { signal });
  return ((await response.json()) as { readonly result: SessionsState }).result;
}

/** Ends a session; the end of one's own is a logout. One that is gone is what was asked for. */
export async function endSession({ id, own }: SessionState): Promise<void> {
  try {
    await post('api/auth/sessions/end', { id });
  } catch (error) {
    const isGone = error instanceof RefusedError && error.name === 'SessionNotFoundError';
    if (!isGone) throw error;
  }
  if (own) loggedOut();
}

/** Why something with sessions failed, as a sentence with the next step. */
export function sessionsFailureText(error: unknown): string {
  if (error instanceof UnreachableError) return 'The server was not reached; trying again.';
  if (error instanceof RefusedError) return `The server refused: ${error.message}.`;
  return 'Something unexpected happened; trying again.';
}

const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/\bHeadlessChrome\/|\bChrome\/|\bCriOS\//, 'Chrome'],
  [/\bVersion\/[\d.]+ .*Safari\//, 'Safari'],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\bWindows\b/, 'Windows'],
  [/\biPad\b/, 'iPad'],
  [/\biPhone\b/, 'iPhone'],
  [/\bMac OS X\b/, 'Mac'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];
const MAX_TOOL = 40;

/** What a User-Agent is, in words: `Firefox on Windows`, `curl 8.5.0`. */
export function agentText(agent: string): string {
  const named = (table: typeof BROWSERS) => table.find(([pattern]) => pattern.test(agent))?.[1];
  const browser = named(BROWSERS);
  const system = named(SYSTEMS);
  if (browser !== undefined) return system === undefined ? browser : `${browser} on ${system}`;
  const [, name, version] = /^([\w.-]+)\/([\w.-]+)/.exec(agent) ?? [];
  if (name !== undefined) return `${name} ${version}`.slice(0, MAX_TOOL);
  return agent.trim().slice(0, MAX_TOOL) || 'Unknown program';
}

/** A span of time in words, coarse: `4 min`, `3 h`, `2 days`. */
export function spanText(seconds: number): string {
  if (seconds < 60) return 'less than a minute';
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`;
  const days = Math.floor(seconds / 86_400);
  return days === 1 ? '1 day' : `${days} days`;
}

/** Whether and when a session was used, at the server's time `nowTs` in s. */
export function useText({ sockets, streams, used_ts }: SessionState, nowTs: number): string {
  const open = sockets + streams;
  if (open > 0) return open === 1 ? 'Connected now' : `Connected now (${open} connections)`;
  const agoS = nowTs - used_ts;
  return agoS < 60 ? 'Used just now' : `Used ${spanText(agoS)} ago`;
}

/** When a session ends by itself. */
export function expiryText({ expires_in }: SessionState): string {
  return expires_in === null ? 'does not end by itself' : `ends in ${spanText(expires_in)}`;
}
