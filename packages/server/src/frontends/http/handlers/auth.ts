import {
  authToken,
  OPERATIONS,
  parseParams,
  type SessionState,
  ValidatorError,
  valid,
} from '@crashcart/api';
import type { SessionInfo } from '../../../auth/sessions.ts';
import { TOKEN_COOKIE } from '../credentials.ts';
import { EMPTY_RESULT } from '../envelope.ts';
import type { Call } from '../host.ts';
import type { Lookup } from '../parameters.ts';
import { EncodedResult, jsonReply, type Reply, textReply } from '../reply.ts';
import type { HandlersOf } from './handlers-of.ts';

/** Logout, check and sessions; login reads a body and has its own way. */
export const authHandlers: HandlersOf<
  'authLogout' | 'authCheck' | 'authSessions' | 'authEndSession'
> = {
  authLogout(_args, { services, token }) {
    if (services.auth.enabled) services.auth.logout(authToken(token ?? ''));
    return {};
  },

  authCheck: () => new EncodedResult(EMPTY_RESULT),

  authSessions(_args, { services: { auth }, identity }) {
    const nowS = seconds(Date.now());
    if (!identity) return { now_ts: nowS, sessions: [] };
    const own = auth.sessionId(identity);
    return {
      now_ts: nowS,
      sessions: auth.sessions(identity).map((session) => wireSession(session, own)),
    };
  },

  authEndSession({ id }, { services: { auth }, identity }) {
    if (identity) auth.endSession(identity, id ?? auth.sessionId(identity));
    return {};
  },
};

const seconds = (ms: number) => Math.floor(ms / 1000);

function wireSession(session: SessionInfo, own: string | undefined): SessionState {
  const { id, user, address, agent, expiresInS, sockets, streams } = session;
  return {
    ...{ id, user, address, agent, sockets, streams },
    used_address: session.usedAddress,
    started_ts: seconds(session.startedAtMs),
    used_ts: seconds(session.usedAtMs),
    expires_in: expiresInS === undefined ? null : Math.ceil(expiresInS),
    own: id === own,
  };
}

/** POST /auth/login with the fields of its body. Throws ValidatorError, ForbiddenError. */
export async function login(field: Lookup, call: Call): Promise<Reply> {
  const { auth, loginRedirects } = call.services;
  if (!auth.enabled) return jsonReply(200, EMPTY_RESULT);
  const { user, passwd, expire, redirect } = parseParams(OPERATIONS.authLogin.params, field);
  const location = redirectTo(redirect, loginRedirects);
  const { address, agent } = call;
  const { token } = await auth.login({ user, passwd, expire, address, agent });
  const cookie = {
    'set-cookie': `${TOKEN_COOKIE}=${token}; HttpOnly; Path=/; SameSite=Strict${
      call.secure ? '; Secure' : ''
    }`,
  };
  if (location === undefined) return jsonReply(200, EMPTY_RESULT, cookie);
  return textReply(302, '302: Found', { ...cookie, location });
}

const anyText = valid.text('login redirect', /^/);

function redirectTo(raw: string | undefined, allowed: readonly string[]): string | undefined {
  if (raw === undefined || raw.trim() === '') return undefined;
  const value = anyText(raw);
  const location = allowed.find((path) => path === value.toLowerCase());
  if (location === undefined) {
    throw new ValidatorError(`The argument '${value}' is not a valid login redirect`);
  }
  return location;
}
