import { z } from 'zod';
import { json, operation, optional, required, withDefault } from '../contract.ts';
import { sessionsState } from '../states/sessions.ts';
import * as valid from '../validators.ts';

const nothing = z.object({});

/** User names: a lower-case letter or _, then lower-case letters, digits and `_ - . @`. */
export const userName = valid.text('username characters', /^[a-z_][a-z0-9_\-.@]*(?<![@.])$/, {
  limit: 128,
});
/** Passwords: printable ASCII; neither stripped nor shown. */
export const passwd = valid.text('passwd characters', /^[\x20-\x7e]*$/, {
  limit: 512,
  secret: true,
  strip: false,
});
/** Session tokens: 64 hexadecimal digits. */
export const authToken = valid.text('auth token', /^[0-9a-f]{64}$/, { limit: 128, secret: true });
/** Names of sessions, which are not their tokens: 16 hexadecimal digits. */
export const sessionId = valid.text('session id', /^[0-9a-f]{16}$/, { limit: 16 });
/** Lifetime of a session in s, 0 = as long as the server allows. */
export const expire = valid.int({ name: 'expiration time', min: 0 });

export const login = operation({
  method: 'POST',
  path: '/auth/login',
  summary: 'Starts a session and sets the cookie auth_token',
  permission: 'public',
  body: 'form',
  params: {
    // PiKVM says of a missing name what it says of an empty one.
    user: required((raw) => userName(raw ?? ''), z.string(), 'User name'),
    passwd: withDefault((raw) => passwd(raw ?? ''), '', z.string(), 'Password, with the 2FA code'),
    expire: withDefault(expire, 0, z.int().min(0), 'Lifetime in s, 0 = the longest allowed'),
    redirect: optional((raw) => String(raw), z.string(), 'Where to go, from a configured list'),
  },
  answer: json(nothing),
});

export const logout = operation({
  method: 'POST',
  path: '/auth/logout',
  summary: 'Ends all sessions of the user whose cookie this is',
  permission: 'view',
  answer: json(nothing),
});

export const check = operation({
  method: 'GET',
  path: '/auth/check',
  summary: 'Tells whether the credentials are good (not those of a unix-socket peer)',
  permission: 'view',
  answer: json(nothing),
});

export const sessions = operation({
  method: 'GET',
  path: '/auth/sessions',
  summary: 'The sessions of the user; with `admin` those of all users',
  permission: 'view',
  answer: json(sessionsState),
});

export const endSession = operation({
  method: 'POST',
  path: '/auth/sessions/end',
  summary: 'Ends one session with its sockets and streams; that of another user needs `admin`',
  permission: 'view',
  params: {
    id: optional(sessionId, z.string(), 'The `id` of the list; none = the session of this request'),
  },
  errors: ['SessionNotFoundError'],
  answer: json(nothing),
});
