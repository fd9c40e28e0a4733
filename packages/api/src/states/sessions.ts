import { z } from 'zod';

/** One login that has not ended. It names nothing that lets anybody in. */
export const sessionState = z.object({
  /** 16 hexadecimal digits, for `POST /auth/sessions/end`; not the token. */
  id: z.string(),
  user: z.string(),
  /** Where the login came from. */
  address: z.string(),
  /** Where the latest request came from. */
  used_address: z.string(),
  /** The User-Agent of the login, printable ASCII, at most 200 characters; may be empty. */
  agent: z.string(),
  /** Unix time of the login in s. */
  started_ts: z.int(),
  /** Unix time of the latest request in s. */
  used_ts: z.int(),
  /** Seconds left; null when it lasts until it is ended. */
  expires_in: z.int().nullable(),
  /** Whether the request for the list came with it. */
  own: z.boolean(),
  /** Open WebSockets. */
  sockets: z.int(),
  /** Answers under way that go on: streams, logs that are followed, uploads. */
  streams: z.int(),
});
export type SessionState = z.infer<typeof sessionState>;

/** The sessions that the caller may see, oldest first. */
export const sessionsState = z.object({
  /** Unix time of the server in s: the clock of all times in the list. */
  now_ts: z.int(),
  sessions: z.array(sessionState).readonly(),
});
export type SessionsState = z.infer<typeof sessionsState>;
