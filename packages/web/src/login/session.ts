import { signal } from '@preact/signals';
import { post, RefusedError, request, UnreachableError } from '../api.ts';
import type { SessionLength } from '../state/settings.ts';

/** Whether somebody is logged in; `checking` until the server has said. */
export type Phase = 'checking' | 'login' | 'in';

/** Where the session is. */
export const phase = signal<Phase>('checking');
/** Why the login form is shown again, in words. */
export const farewell = signal<string | undefined>(undefined);

/** Asks the server whether the session is good: `lost` when it was not reached. */
export async function checkSession(): Promise<'good' | 'ended' | 'lost'> {
  try {
    await request('api/auth/check');
    return 'good';
  } catch (error) {
    const ended = error instanceof RefusedError && (error.status === 401 || error.status === 403);
    return ended ? 'ended' : 'lost';
  }
}

/** What the login form holds. */
export interface LoginForm {
  readonly user: string;
  readonly password: string;
  /** The 2FA code, or empty. */
  readonly code: string;
  readonly length: SessionLength;
}

/** Logs in; the cookie is the server's. Throws as `request` does. */
export async function logIn({ user, password, code, length }: LoginForm): Promise<void> {
  const body = new URLSearchParams({ user, passwd: password + code, expire: length });
  await request('api/auth/login', { method: 'POST', body });
  farewell.value = undefined;
  phase.value = 'in';
}

/**
 * Ends this session and leaves those on other devices alone (`/auth/logout` would end them all). A
 * session that is gone already is what was asked for.
 */
export async function logOut(): Promise<void> {
  try {
    await post('api/auth/sessions/end');
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
  }
  loggedOut();
}

/** Shows the login form: the session was ended by its owner. */
export function loggedOut(): void {
  farewell.value = 'You are logged out.';
  phase.value = 'login';
}

/** The session ended without us (expired, revoked, logged out elsewhere). */
export function sessionEnded(): void {
  if (phase.peek() === 'in') {
    farewell.value =
      'Your session ended: its time was over, or it was ended elsewhere. Log in again.';
  }
  phase.value = 'login';
}

/** Why a login failed, as a sentence with the next step. */
export function loginFailure(error: unknown): string {
  if (error instanceof UnreachableError) {
    return 'No connection to the server. Check the network and try again.';
  }
  if (!(error instanceof RefusedError)) return 'Something unexpected happened. Try again.';
  if (error.retryAfterS !== undefined) {
    return `Too many wrong tries. Wait ${error.retryAfterS} s and try again.`;
  }
  if (error.status === 403 || error.status === 401) {
    return 'Wrong name, password or code. Check them and try again.';
  }
  if (error.status === 400) return 'The name or the password has characters that are not allowed.';
  return `The server could not log you in: ${error.message}`;
}
